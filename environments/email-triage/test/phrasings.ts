/**
 * Honest summaries of every canonical email, each as three people might word it: terse, in full, and from a distance.
 * A grader that cannot tell that they say what matters is wrong, not they.
 */
export const phrasings: Readonly<Record<string, readonly [terse: string, full: string, indirect: string]>> = {
  'easy-01': [
    'New packer starts two weeks late, on 17 June; contract and orientation must be updated.',
    'Tobias Lindqvist asks HR to amend the contract of new recruit Agnieszka Wrona, whose start has been postponed to 17 June by her notice period, and to rebook her onboarding.',
    'A supervisor in Hall 2 has a new starter who cannot leave her old employer as soon as hoped, so her documents and training place need changing to mid June, within about a week.',
  ],
  'easy-02': [
    'Suspected ammonia leak at line 3, three staff ill, hall evacuated; emergency lead must call now.',
    'Priya Raman reports a probable refrigerant gas leak near the line 3 chiller. Workers have been taken ill, everyone has been evacuated and she needs an immediate call back from the incident manager.',
    'Fumes from the cooling unit have made several night workers unwell. The shift lead stopped production and got everybody out, and is waiting for someone to take charge of the response.',
  ],
  'easy-03': [
    'Unsolicited pitch selling cheap SEO; nothing to do.',
    'A marketing outfit called Rankspire sends a cold advert promising better search rankings for 99 dollars. It can be deleted.',
    'Someone we have never dealt with is trying to sell us search engine optimisation at a steep discount, using pushy sales tactics.',
  ],
  'easy-04': [
    'Receipt: monthly Fennel subscription of £412.80 paid by card, for the records.',
    'Fennel confirms payment of GBP 412.80 for the May licence of its recipe planning software. It renews automatically, so no action is needed.',
    'Proof of purchase for one more month of 24 user licences, already paid by company card, which accounts may want to keep.',
  ],
  'easy-05': [
    'Dispatch scanners locked, all shipping stopped; fix before 09:30 or the Aldgate load is lost.',
    'Gareth reports that every handheld device in dispatch has been unusable since 05:50. Deliveries are halted with five trucks waiting, and the Aldgate delivery will be rejected if IT has not solved it by 9:30.',
    'The mobile terminals in the warehouse suddenly want to be activated, so no goods can leave the building; a supermarket delivery will go to waste this morning unless somebody gets them running.',
  ],
  'easy-06': [
    'School caterer wants a quote for 4,000 veggie lasagnes weekly from September, before 21 June.',
    'Marguerite Oyelaran of Bellwether Canteens, a prospective customer, requests pricing for about 4,000 vegetarian lasagnes per week starting in the autumn, with early Monday delivery. Their decision is on 21 June.',
    'A catering company that liked our tasting samples is considering us as the supplier for its school meals next term and would like an offer, including halal portions, sometime in the first three weeks of June.',
  ],
  'medium-01': [
    'Berth scheduling down at three ports since 06:10; nineteen ships due this afternoon, collision risk.',
    'Henrik Solberg politely reports an outage: the berth planner shows nothing at Vardal and two other harbours. They are working by hand and 19 vessels arrive this afternoon, so it needs fixing right away.',
    'Despite the friendly tone, several customers cannot use our planning tool this morning and have already double-booked a quay, with a busy tide coming later today.',
  ],
  'medium-02': [
    'Trade newsletter advertising discounted conference tickets; no action needed.',
    'This is the weekly industry newsletter we subscribed to in January. The urgent wording only concerns an early booking discount for an event in Antwerp.',
    'A periodical that one of us opted in to; the alarming subject is merely promotion for a conference whose tickets become more expensive tonight.',
  ],
  'medium-03': [
    'Havnedrift wants liability cap raised to twelve months and data kept in Europe before signing; board 18 July.',
    'Ingeborg Halle asks our lawyers to revise two contract terms before they sign: a higher limit of liability and hosting inside the EEA. Their board meets on 18 July.',
    'A customer is nearly ready to renew for three years, but its counsel would like us to negotiate how much we are liable for and where the information is stored, by the middle of July.',
  ],
  'medium-04': [
    'Data breach: Porto Almera export leaks crew passports and phone numbers of Port of Brennet.',
    'Lucia Ferretti has found that her vessel export contains confidential personal data of another customer, including passport scans. The file is in a shared folder and she asks whether she should delete it.',
    "A user casually mentions that she can download some other harbour's private records, repeatedly, which means that our tenants are not properly separated from each other.",
  ],
  'medium-05': [
    'Scam domain renewal demanding 289 dollars or admin login; do not pay.',
    'A fraudulent letter pretends that our domain is about to expire and tries to get us to wire $289 or give away administrator credentials.',
    'Somebody unconnected to our registrar is trying to frighten us into paying for a web address we already own, or into revealing a password.',
  ],
  'medium-06': [
    'Stratoport finished its scheduled maintenance without trouble; for information only.',
    'The cloud provider confirms that the planned maintenance of 11 June was completed successfully, with just a four second interruption to our databases. No action is required.',
    'Just a notification that the hosting company has replaced some storage hardware overnight and that everything is healthy afterwards.',
  ],
  'medium-07': [
    'Kestrel Print chases unpaid invoice 20931, £1,864; wants a payment date, no hurry.',
    'Rosalind Peake of Kestrel Print politely reminds us that invoice 20931 for £1,864 is overdue and asks when it will be paid, ideally within two weeks.',
    'The printers have not been paid for our brochures from April. Their credit controller is friendly about it and only asks us to say when to expect payment.',
  ],
  'medium-08': [
    'Cold pitch from a recruitment agency that pretends we have met; ignore.',
    'PeoplePipe, a staffing agency, sends bulk mail offering contract developers at a discount and falsely claims an earlier conversation. No reply is necessary.',
    'A mass mailing by a recruiter who invents a previous acquaintance and books himself into our diary in order to sell engineers.',
  ],
  'hard-01': [
    'Resin order NR-5530 delayed to 4 July, but stock lasts until September; choose option by 28 June.',
    'Norrland says that the resin delivery is nearly three weeks late because of a strike. Planning has eleven weeks of inventory, so it is not critical; someone should decide by 28 June whether to keep, split or cancel the order.',
    'The supplier sounds the alarm over a late consignment of purification material, yet our own reserves cover the gap comfortably, and all that is left is to pick an option this month.',
  ],
  'hard-02': [
    'Engineer checked the wrong freezer: F-12 is still warming and irreplaceable samples are at risk.',
    'The contractor was sent to F-21 by mistake, while the alarm came from F-12. Its temperature is rising and the only vials of lots 2207 to 2231 may be lost, so somebody must act at once.',
    'Night reception mixed up two numbers, and so the unit that is really failing has not been looked at; unique retained material could thaw if nobody moves it this morning.',
  ],
  'hard-03': [
    'Mikkel Thorsen resigns, last day 30 August; wants leaving paperwork, leave balance and handover sorted.',
    'Mikkel Thorsen is quitting Osprey for a teaching job at the end of August. He asks HR for the forms, about his unused vacation and about returning his pass and login, and wants it kept quiet for now.',
    'An employee gives notice and would like to know how his departure works, what happens to his remaining leave, and to inform colleagues himself before it becomes public.',
  ],
  'hard-04': [
    'Fraud: fake supplier asks us to send EUR 148,200 to a new bank account today; do not pay.',
    'Someone impersonating Carla Benedetti of Vetrochrom tries to divert the 148,200 euro instalment to an account in Vilnius. The genuine terms are payment on delivery in August, and no changes of bank by email.',
    'A lookalike address is used to pressure Nils into an early and secret transfer to changed bank details, contrary to what the real vendor wrote in May.',
  ],
  'hard-05': [
    'Boardroom audio problem already fixed, a loose cable; nothing to do.',
    'Felicity Warrender says that the sound failure in the boardroom has been resolved by Dev, who reconnected a cable, and that the directors held their meeting. No further help is needed.',
    'The earlier panic about the silent meeting room is over: somebody had unplugged a lead by accident, and it was sorted out in time.',
  ],
  'hard-06': [
    'Journalist asks for comment by 18:00 today on alleged mislabelled batch and secret recall.',
    'Noor Haddad, a reporter at Pharma Ledger, has insider claims that boxes with wrong leaflets are being quietly recalled from pharmacies and wants our statement before six this evening.',
    'The press is about to publish a story about a packaging mistake and an unannounced recall, based on leaks from our staff, and offers us a last opportunity today to respond.',
  ],
  'hard-07': [
    'Phishing: fake IT desk wants a password and one-time code before 17:00.',
    'Somebody impersonating our service desk uses the laptop replacement to steal a password and an authentication code through a lookalike site. The real desk said it would never ask for these.',
    'An outsider has jumped into a genuine thread about new computers and tries to trick the lab into giving away its login credentials by threatening to close the account.',
  ],
  'hard-08': [
    'GMP refresher is recorded as passed; overdue warnings cancelled, no action.',
    'The portal confirms that the mandatory training was completed on 29 May with 94% and that the reminders and the escalation no longer apply.',
    'False alarm: the course had been finished in time, the proof just arrived late, and the complaint to the boss has been taken back.',
  ],
  'hard-09': [
    'Lindmar Glass has begun arbitration over rejected vials; our defence is due tomorrow noon.',
    'A law firm informs us that its client Lindmar Glass filed an arbitration claim about returned vials. Our response must reach Stockholm by noon tomorrow or the case proceeds without us.',
    'Behind a friendly note is a legal dispute: the supplier of glass we returned is taking us to arbitration, the papers were sent to a former address, and the time limit ends tomorrow.',
  ],
  'hard-10': [
    'Junk mail selling gloves, pretending we ordered them; ignore.',
    'LabDealz sends an unsolicited advert disguised as a reminder about an order that we never placed, with a 70% discount and a request for contact details of colleagues.',
    'A pushy vendor invents an order to make us buy laboratory gloves and fishes for the addresses of our purchasing staff.',
  ],
}

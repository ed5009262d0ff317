import type { TriageTask } from './task.ts'

/** Threads whose meaning turns in the history, mail that is not what it seems, and two teams that could take it. */
export const hard: TriageTask = {
  id: 'task_hard',
  company: 'Osprey Biologics (our own mail comes from ospreybio.example), a maker of medicines',
  routes: {
    quality: 'products, batches, samples and what could spoil them',
    'supply-chain': 'raw materials, suppliers, deliveries and stock',
    facilities: 'buildings, rooms and the upkeep of equipment',
    'it-support': 'computers, accounts and meeting technology',
    finance: 'invoices, payments and bookkeeping',
    legal: 'contracts, claims, courts and authorities',
    people: 'joining, leaving, leave and training records',
    communications: 'the press, the public and our own announcements',
    security: 'fraud, phishing and lost passes',
    none: 'nobody: no team needs to see it',
  },
  emails: [
    {
      id: 'hard-01',
      subject: 'CRITICAL: SHIPMENT DELAY - RESPONSE REQUIRED',
      sender: 'Norrland Resins Customer Desk <desk@norrlandresins.example>',
      timestamp: '2024-06-10T06:30:00+00:00',
      thread: [
        'From: Wanda Kruse <w.kruse@ospreybio.example> (planning), 5 June: For everybody who asks after the dock strike: we hold eleven weeks of that resin after the spring buy, so I sleep well about anything short of September.',
      ],
      body: `Priority notice to all consignees.

Order NR-5530 (chromatography resin, 40 litres) has left our plant 19 days behind plan after the strike at the docks in Gothenburg. It now reaches you on 4 July.

Tell us in the portal whether to keep, split or cancel it; the form stays open until 28 June. No answer means keep.

Norrland Resins Customer Desk`,
    },
    {
      id: 'hard-02',
      subject: 'Re: Re: F-21 alarm overnight',
      sender: 'Jonas Achterberg <jonas@achterberg-cooling.example>',
      timestamp: '2024-06-08T07:40:00+02:00',
      thread: [
        'From: Building monitor <monitor@ospreybio.example>, 02:48: Freezer F-12, room C3. Set to -80, reads -61 and climbing. Holds retained vials of lots 2207 to 2231.',
        'From: Night desk <reception@ospreybio.example>, 02:55: Jonas, alarm on F-21 in C3, please have a look in the morning.',
        'From: Samira Koda <s.koda@ospreybio.example> (sample store), 06:30: There are no second sets of 2207 to 2231 anywhere. Above -50 they are gone for good. Can somebody tell me that the unit is back down?',
      ],
      body: `All good here, you can close this one. I went over at 7:15: F-21 reads -79, the door shuts tight and the fan hums, so I cleared the panel and went for coffee.

Have a nice Saturday, everybody.

Jonas
Achterberg Cooling`,
    },
    {
      id: 'hard-03',
      subject: 'Handing over the Aarhus keys',
      sender: 'Mikkel Thorsen <m.thorsen@ospreybio.example>',
      timestamp: '2024-06-11T17:25:00+02:00',
      thread: [
        'From: Mikkel Thorsen, 24 May: Ruth, could we talk about the Aarhus project? I am not sure that I am the right one to carry it on.',
        'From: Ruth Adeyemi <r.adeyemi@ospreybio.example>, 27 May: Take the weekend, Mikkel. If you want to stay, we will find a way with the hours.',
      ],
      body: `Hi Ruth,

I took the weekend and two more. My mind is made up: I am taking the teaching post in Odense, so Friday 30 August will be my last day at Osprey.

Could you send me whatever I have to sign, tell me what becomes of the nineteen days of holiday that I have not used, and say who should have the door pass and the shared lab account when I go?

I have told nobody on the floor yet and would like to do that myself next week.

Mikkel`,
    },
    {
      id: 'hard-04',
      subject: 'Re: PO 61187 - chromatography columns, second instalment',
      sender: 'Carla Benedetti <c.benedetti@vetrochrom-billing.example>',
      timestamp: '2024-06-12T11:48:00+02:00',
      thread: [
        'From: Carla Benedetti <c.benedetti@vetrochrom.example>, 22 May: Dear Nils, the second instalment of EUR 148,200 falls due on delivery, 30 August, to the account that you have on file. We shall never alter it by email.',
        'From: Nils Aaltonen <n.aaltonen@ospreybio.example>, 22 May: Noted, Carla, thank you.',
      ],
      body: `Dear Nils,

as agreed on the phone with your director this morning, the second instalment of EUR 148,200 should go out today, so that the columns leave Milan before our summer closure.

Kindly note that our usual bank is being audited. Use the account in Vilnius in the attached letter, and keep this between us until the audit is public. Send me the slip the moment it is done; I am boarding and can only read mail.

Carla
Vetrochrom`,
    },
    {
      id: 'hard-05',
      subject: 'URGENT!!! Board call in 20 minutes and NO SOUND',
      sender: 'Felicity Warrender <f.warrender@ospreybio.example>',
      timestamp: '2024-06-12T11:20:00+02:00',
      thread: [
        'From: Felicity Warrender, 09:41: The boardroom speakers give nothing at all, and eight directors dial in from three countries at ten. I need a human being on floor 6 THIS MINUTE.',
        'From: Service Desk <servicedesk@ospreybio.example>, 09:47: Dev is on his way up.',
      ],
      body: `Please ignore my shouting. The cable had been kicked out under the table; Dev put it back, the directors heard every word, and we finished at eleven. I have taped the plug down, so it will not happen next month.

Nobody else has to come up. Thank you for being so quick, and sorry for the capitals.

Felicity`,
    },
    {
      id: 'hard-06',
      subject: 'Checking a detail for Thursday',
      sender: 'Noor Haddad <noor.haddad@pharmaledger.example>',
      timestamp: '2024-06-12T09:20:00+02:00',
      thread: [],
      body: `Hello,

I write for the Pharma Ledger. Two people on your night shift tell me that part of May's adjuvant run went out with the wrong leaflet in the box, and that pharmacies in Malmö have been rung up and asked to send cartons back without a word in public.

I'd love to have Osprey's side before the page is locked, which happens at 18:00 today. If I hear nothing, the text will say so. No pressure at all, and I am happy to talk on background.

Noor Haddad`,
    },
    {
      id: 'hard-07',
      subject: 'Re: Laptop refresh - your slot',
      sender: 'Osprey Service Desk <servicedesk@osprey-bio-it.example>',
      timestamp: '2024-06-11T14:03:00+02:00',
      thread: [
        'From: Service Desk <servicedesk@ospreybio.example>, 3 June: Laptops on floors 2 and 3 are swapped next week. Pick a slot in the portal. We never want your password or a code for this.',
        'From: Lab office <lab.office@ospreybio.example>, 4 June: Wednesday morning suits us.',
      ],
      body: `Hello,

Thanks for picking Wednesday. Before the engineer can move your profile over, the directory has to see that the account is alive. Please open the staff page below, type the password that you use today, and read back the six digits that your phone shows. It takes a minute.

https://osprey-bio-it.example/alive

Accounts that have not done this by 17:00 drop out of the refresh and are shut overnight.

Service Desk, ext. 4400`,
    },
    {
      id: 'hard-08',
      subject: 'OVERDUE - mandatory GMP training - escalation level 2',
      sender: 'Learning Portal <learning@ospreybio.example>',
      timestamp: '2024-06-10T08:15:00+02:00',
      thread: [
        'From: Learning Portal, 3 June: You are five days past the date for the GMP Refresher 2024. Entry to clean rooms may be suspended.',
        'From: Learning Portal, 7 June: Second reminder: GMP Refresher 2024. Your manager has been told.',
      ],
      body: `Further to the escalation below: your certificate for the GMP Refresher 2024, taken on 29 May with a mark of 94%, reached us this morning from the outside provider. Your entry now shows green, and the note to your manager has been withdrawn.

Our earlier messages crossed with the upload and can be left unread.

Learning Portal`,
    },
    {
      id: 'hard-09',
      subject: 'Courtesy copy, no need to reply to me personally',
      sender: 'Beatrix Holm <b.holm@holmvestergaard.example>',
      timestamp: '2024-06-10T15:10:00+02:00',
      thread: [],
      body: `Dear colleagues,

it was a pleasure to meet your team in Basel. As a courtesy I enclose what Lindmar Glass, whom we act for, lodged with the tribunal in Stockholm on 28 May about the vials that you sent back and would not pay for.

Under its rules your answer has to be in the secretariat's hands fourteen days from then, which I make tomorrow at noon; otherwise the panel may go ahead on our papers alone. I gather that the original went to your old address in Lyngby. I mention it only so that nobody is taken by surprise.

With kind regards
Beatrix Holm`,
    },
    {
      id: 'hard-10',
      subject: 'Re: Re: Your order OSP-2291 is on hold',
      sender: 'LabDealz Fulfilment <orders@labdealz.example>',
      timestamp: '2024-06-11T05:44:00+00:00',
      thread: [
        'From: LabDealz Fulfilment, 1 June: Hi! Gloves at unbeatable prices, shall I put some aside for you?',
        'From: LabDealz Fulfilment, 6 June: Hi! Did you see my last note about the gloves?',
      ],
      body: `Final reminder regarding your order!

We are keeping a pallet of premium nitrile gloves (12,000 pcs) in your name. Our system shows that your lab manager asked for them in spring, and voucher LAB70 runs out tonight. Confirm now and pay 70% less than anywhere else. Every pallet claimed today comes with a free smart watch!

To stop hearing from us, reply STOP with the names and emails of three colleagues who decide on purchases.

LabDealz Fulfilment`,
    },
  ],
}

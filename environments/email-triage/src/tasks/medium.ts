import type { TriageTask } from './task.ts'

/** A mixed inbox with near misses: tone and meaning do not always agree. */
export const medium: TriageTask = {
  id: 'task_medium',
  company: 'Tidemark, whose web software plans berths and quays for harbours',
  routes: {
    operations: 'our service being up, its releases, hosting and maintenance',
    'customer-success': 'how-to questions, training and renewals of customers',
    finance: 'invoices, payments and bookkeeping',
    legal: 'contracts, terms and disputes',
    people: 'recruitment, employment papers and leave',
    security: 'data that the wrong people can see, fraud and phishing',
    none: 'nobody: no team needs to see it',
  },
  emails: [
    {
      id: 'medium-01',
      subject: 'A small question about the berth planner',
      sender: 'Henrik Solberg <henrik.solberg@vardalhavn.example>',
      timestamp: '2024-06-12T08:55:00+02:00',
      thread: [],
      body: `Dear all,

I hope your week is going well, and please do not take this as a complaint. Since about ten past six our planners have been getting a white page whenever they open the berth schedule; the colleagues in Skarnes and Ellingvik kindly tell me that it is the same for them.

We have been giving out quays from memory and a whiteboard, which is charming with three ships and rather less so with the nineteen that come in on this afternoon's tide. Two pilots have already been sent to the same quay. Whenever somebody has a moment, we would be most grateful.

With warm regards,
Henrik Solberg
Harbour office, Port of Vardal`,
    },
    {
      id: 'medium-02',
      subject: 'LAST CHANCE - action required before midnight!',
      sender: 'Harbour Tech Weekly <news@harbourtechweekly.example>',
      timestamp: '2024-06-11T07:00:00+00:00',
      thread: [],
      body: `Dear subscriber,

Don't be the one who misses out! At 23:59 tonight the early-bird price for Harbour Tech Live in Antwerp goes from EUR 390 to EUR 540.

In this issue: why tide models get better with cheap buoys; an interview with the harbour master of Valletta; five spreadsheet habits to drop; and our readers' crane photographs of the month.

You get this because somebody at Tidemark signed up for our Tuesday edition on 9 January. Change how often we write, or leave the list, with the link at the foot.

Harbour Tech Weekly`,
    },
    {
      id: 'medium-03',
      subject: 'Clause 11.2 before we countersign',
      sender: 'Ingeborg Halle <ih@havnedrift.example>',
      timestamp: '2024-06-12T10:14:00+02:00',
      thread: [
        'From: Tidemark <hello@tidemark-ports.example>, 3 June: Dear Ingeborg, here is the draft for the next three years, as discussed. We look forward to your signature.',
      ],
      body: `Thank you for the draft. We are content with the commercial pages; two points stand between us and a signature.

In clause 11.2 the ceiling on what Tidemark would owe us if things go wrong stands at three months of fees, and our board asks for twelve. And schedule C names a hosting company in Virginia, whereas our vessel data may not leave the EEA.

Could your counsel put forward wording for both? The board sits on 18 July, so there is ample time, and the present arrangement runs to September.

Kind regards
Ingeborg Halle
General counsel, Havnedrift AS`,
    },
    {
      id: 'medium-04',
      subject: 'Funny thing in the export',
      sender: 'Lucia Ferretti <l.ferretti@portoalmera.example>',
      timestamp: '2024-06-14T16:38:00+02:00',
      thread: [],
      body: `Ciao team,

a little curiosity for your Friday. When I click Export on our vessel list, the spreadsheet has 212 rows that are not ours: ships, agents' mobile numbers and scans of the crews' passports, all under the heading Port of Brennet. I did it three times to be sure and each download has them. Paolo at the next desk gets the same.

I've not sent the file to anybody, but it sits in our common folder, where the summer temps can open it too. Shall I bin it?

Otherwise all is splendid and the new colours are lovely!

Lucia
Berth coordinator, Porto Almera`,
    },
    {
      id: 'medium-05',
      subject: 'Expiration notice: tidemark-ports.example',
      sender: 'Domain Services Registry <notice@registry-listing-dept.example>',
      timestamp: '2024-06-13T03:27:00+00:00',
      thread: [],
      body: `NOTICE No. 7720-C

Your listing for tidemark-ports.example lapses on 30 June. Failure to act may result in cancellation of your web presence and make it hard for customers to locate you.

Remit USD 289.00 by wire to the beneficiary below, or hand us your administrator's sign-in so that our clerk can complete the process on your behalf.

This courtesy letter is not a bill, and you are under no obligation to pay unless you accept the offer herein. We are not affiliated with your present provider.

Processing dept.`,
    },
    {
      id: 'medium-06',
      subject: 'Completed: window 0417, cluster ew2-b',
      sender: 'Stratoport Cloud <status@stratoport.example>',
      timestamp: '2024-06-11T01:55:00+00:00',
      thread: [],
      body: `The work announced for cluster ew2-b took place on 11 June between 01:00 and 01:42 UTC. Storage nodes 3 to 6 were moved to new hardware, and every check afterwards came back green. Inside the window your two databases switched over once, for 4 seconds.

There is nothing left for you to do. This is our last message about window 0417; the log stays in your console for 13 months.

Stratoport Cloud`,
    },
    {
      id: 'medium-07',
      subject: 'Statement of account',
      sender: 'Rosalind Peake <rosalind@kestrelprint.example>',
      timestamp: '2024-06-13T09:20:00+01:00',
      thread: [],
      body: `Hello,

Our ledger still shows number 20931 for GBP 1,864.00, raised on 2 April for your conference brochures, on thirty-day terms. I expect that it has simply slipped between two desks, as your people are usually so prompt.

Would you let me know when we might see the money? If there is a query on the job, tell me and I'll stop the clock. We have no thought of holding back the next print run, and any day in the coming couple of weeks is fine from our side.

All the best
Rosalind Peake
Credit control, Kestrel Print & Post`,
    },
    {
      id: 'medium-08',
      subject: 'Quick one, following our chat',
      sender: 'Dale Winrow <dale@peoplepipe.example>',
      timestamp: '2024-06-13T13:01:00+00:00',
      thread: [],
      body: `Hey,

Great connecting the other day! As promised, I have 14 pre-vetted senior engineers on our bench who can be with you on Monday, 40% under the going rate. My director has okayed this deal for you, but only if we get 15 minutes in the calendar by close of play.

I know you're slammed, so I've gone ahead and pencilled in tomorrow at 8:30. If I don't hear back, I'll take it that you're keen.

Dale Winrow
Talent Evangelist, PeoplePipe
(This message went to 6,412 contacts in your region.)`,
    },
  ],
}

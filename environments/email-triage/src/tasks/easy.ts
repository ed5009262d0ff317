import type { TriageTask } from './task.ts'

/** Six clear cases from the inbox of a food factory. */
export const easy: TriageTask = {
  id: 'task_easy',
  company: 'Calder Vale Foods, which makes chilled ready meals in two factory halls',
  routes: {
    safety: 'injuries and anything on site that could hurt somebody',
    'it-support': 'computers, handhelds, accounts and other systems that staff use',
    finance: 'bills, payments, receipts and bookkeeping',
    people: 'recruitment, employment papers, leave and induction',
    sales: 'customers and would-be customers, prices and orders',
    security: 'break-ins, fraud and phishing',
    none: 'nobody: no team needs to see it',
  },
  emails: [
    {
      id: 'easy-01',
      subject: 'Agnieszka Wrona, packing crew',
      sender: 'Tobias Lindqvist <t.lindqvist@caldervale.example>',
      timestamp: '2024-05-22T08:05:00+01:00',
      thread: [],
      body: `Morning,

Agnieszka Wrona was due to join my packing crew on Monday 3 June. She rang last night: the place she works now is holding her to every last week of her notice, so the earliest she can walk through our door is Monday 17 June. She still very much wants the job and I still very much want her.

Could somebody redo her paperwork with that date and find her a seat on the induction of that week instead? She should have the signed copy in her hands by the end of next week; nothing quicker than that.

Thanks
Tobias Lindqvist
Packing supervisor, Hall 2`,
    },
    {
      id: 'easy-02',
      subject: 'Line 3, please ring me',
      sender: 'Priya Raman <p.raman@caldervale.example>',
      timestamp: '2024-05-23T02:41:00+01:00',
      thread: [],
      body: `There is a sharp, eye-watering smell around the chiller behind line 3, far stronger than the usual whiff on a defrost. Two of the night crew went light-headed within minutes of going near it and Marcin is still being sick outside.

I have hit the red button, walked all fourteen people to the car park, counted them twice and taped the doors. Nobody from the refrigeration contractor picks up. The sensor panel in the corridor shows orange, and I'm not going back in there to read the figure.

I want whoever runs the emergency plan on the phone right away: 0161 496 0412.

Priya
Shift lead, nights`,
    },
    {
      id: 'easy-03',
      subject: 'your website (quick win inside)',
      sender: 'Brad at Rankspire <outreach@rankspire-boost.example>',
      timestamp: '2024-05-23T06:12:00+00:00',
      thread: [],
      body: `Hi there,

I was scrolling through your wonderful website and could not help noticing that it sits on page 4 for "ready meals wholesale". Our gurus have taken 900+ brands to the very top in under 21 days, and this week only we will do yours for $99 instead of $1,499!

You get 3,000 hand-placed backlinks, an AI blog that writes itself and our famous no-quibble refund. Reply YES and somebody will call within the hour. Not keen? Simply do nothing and I'll try you again on Thursday.

Cheers,
Brad
Rankspire`,
    },
    {
      id: 'easy-04',
      subject: 'Fennel Recipe Planner FS-88213',
      sender: 'Fennel Billing <no-reply@fennelsoft.example>',
      timestamp: '2024-05-01T04:00:00+00:00',
      thread: [],
      body: `Thank you.

We have taken GBP 412.80 from the card ending 7719 for 24 seats of Fennel Recipe Planner, covering 1 May to 31 May 2024. Document FS-88213 is attached as a PDF, with our VAT number and registered address printed on it.

You do not have to do anything: the plan carries on by itself, and the same card is charged again on 1 June. Seats can be added or dropped under Account at any time.

This mailbox is not read by a person.
Fennel Billing`,
    },
    {
      id: 'easy-05',
      subject: 'Dock B handsets',
      sender: 'Gareth Mbeki <g.mbeki@caldervale.example>',
      timestamp: '2024-05-24T06:20:00+01:00',
      thread: [],
      body: `All eleven handsets in dispatch went to a grey screen at 05:50, and each one now asks for an activation code that none of us was ever given. Without them the pickers can't book pallets out, so nothing has left Dock B since then. Five lorries are on the apron, and the Aldgate Stores slot closes at 09:30; after that they turn the whole load away and it goes in the bin.

We have swapped batteries and tried the spare cradle. Writing it down on paper isn't allowed for chilled goods. Can somebody get on to this now, please? I'm on channel 4.

Gareth
Dispatch`,
    },
    {
      id: 'easy-06',
      subject: 'Vegetarian lasagne for nine kitchens',
      sender: 'Marguerite Oyelaran <m.oyelaran@bellwethercanteens.example>',
      timestamp: '2024-05-24T11:32:00+01:00',
      thread: [],
      body: `Good morning,

We feed the children of nine schools around Stockport, and your rep's samples went down very well at our tasting. For the autumn term, which begins on 2 September, I'd be after roughly 4,000 portions of the vegetarian lasagne a week, about a fifth of them halal.

What could you do for us per portion at that volume, and could your van be at our gate before 7 a.m. on Mondays? Our governors choose on 21 June, so a figure any time in the fortnight before that suits me. No rush beyond this.

Kind regards
Marguerite Oyelaran
Bellwether Canteens`,
    },
  ],
}

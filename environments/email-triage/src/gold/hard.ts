import { FRAUD, NO_ACTION, UNSOLICITED } from './lexicon.ts'
import type { TaskGold } from './gold.ts'

/** The right answers of task_hard. */
export const hardGold: TaskGold = {
  'hard-01': {
    label: 'normal',
    near: { archive: 0.3, urgent: 0.2 },
    route: 'supply-chain',
    facts: [
      {
        says: 'the resin comes late',
        weight: 2,
        concepts: [
          'delay|late.|later|postpon|behind|slip|held up|arriv|push|overdue|july|lag',
          'resin|order|shipment|deliver|consignment|nr|norrland|supply|material|supplier',
        ],
      },
      {
        says: 'our stock lasts',
        weight: 2,
        concepts: [
          'stock|inventory|reserve|enough|buffer|cover|surplus|sufficien|plenty|on hand|suppl|store|lasts|run out|hold|have',
          '11|week|september|comfortabl|until|ample|gap|bridge|sufficien|enough|cover|production|not affect|plenty|beyond|summer|autumn',
        ],
      },
      {
        says: 'so it is less critical than it sounds',
        concepts: [
          'not critical|no emergency|not urgent|less critical|no shortage|no problem|no rush|harmless|calm|not serious|despite|' +
            'although|however|overstat|not as|comfortabl|relax|no danger|no risk|no impact|no concern|not concern|even so|' +
            'nothing urgent|can wait|not threaten|sounds the alarm|sounds|no worry|not worry',
        ],
      },
      {
        says: 'an option has to be chosen by 28 June',
        weight: 2,
        concepts: [
          'decid|choos|choose|pick|select|choice|option|tell|answer|reply|confirm|respond|say|indicat|decision|inform|let them know',
          'keep|split|cancel|28|portal|option|month|form|28th',
        ],
      },
      {
        says: 'because of a strike',
        concepts: [
          'strike|dock|gothenburg|industrial action|walkout|port|labour|labor',
          'delay|late|because|due|cause|after|behind|follow|result|slip|week|resin|order|deliver',
        ],
      },
    ],
    summary:
      'Resin order NR-5530 is delayed to 4 July, which our inventory of eleven weeks covers comfortably; somebody has to decide by 28 June whether to keep, split or cancel it.',
  },
  'hard-02': {
    label: 'urgent',
    near: { normal: 0.2 },
    route: 'quality',
    alsoRoutes: { facilities: 0.5 },
    facts: [
      {
        says: 'the wrong freezer was looked at',
        weight: 2,
        concepts: [
          'wrong|mistak|mix|confus|swap|transpos|error|incorrect|instead of|different|not the|misread|mislabel|misdirect|other|' +
            'another|digits|mistook|rather than|typo|revers|misheard|not f|but the alarm|whereas|never checked|not checked',
          'freezer|12|21|unit|number|fridge|reception|device|cold store|alarm|appliance|equipment',
        ],
      },
      {
        says: 'F-12 is still getting warmer',
        weight: 2,
        concepts: [
          'warm|rising|thaw|fail|heat|temperature|defrost|broken|faulty|not cold|losing|malfunction|not been looked|unattended|' +
            'unchecked|nobody looked|not been checked|ignored|still|uninspected|not inspected',
          '12|freezer|unit|temperature|sample|real|actual|c3|it.|material|vial',
        ],
      },
      {
        says: 'irreplaceable samples may be lost',
        weight: 2,
        concepts: [
          'lost|lose|loss|irreplac|unique|only.|destroy|ruin|spoil|risk|damage|perish|endanger|danger|jeopard|threat|thaw|' +
            'no duplicate|no copy|no backup|no copies|no replacement|not be replaced|precious',
          'sample|vial|lot|2207|2231|material|retained|specimen|batch|stock|content|product',
        ],
      },
      {
        says: 'somebody has to go now',
        concepts: [
          'must|need|urgent|immediate|now.|at once|right away|straight away|this morning|asap|someone|somebody|quick|without delay|' +
            'today|emergency|before|unless',
          'check|move|act.|moves|look|attend|go.|save|rescue|transfer|inspect|repair|visit|fix|intervene|acts',
        ],
      },
    ],
    summary:
      'The contractor checked the wrong freezer: F-12 is still warming, and irreplaceable samples of lots 2207 to 2231 will be lost unless someone acts immediately.',
  },
  'hard-03': {
    label: 'normal',
    near: { urgent: 0.2 },
    route: 'people',
    alsoRoutes: { 'it-support': 0.3 },
    facts: [
      {
        says: 'he resigns',
        weight: 2,
        concepts: [
          'resign|quit|leav|depart|notice|exit|step down|end of employment|terminat|going|new job|another job|moving on|move on|gone|stepping',
          'thorsen|mikkel|osprey|employee|august|teach|company|30|colleague|staff|last day|job|he.|scientist|researcher|post',
        ],
      },
      { says: 'at the end of August', concepts: ['august|30th|30'] },
      {
        says: 'he asks about unused leave',
        weight: 2,
        concepts: [
          'leave|holiday|vacation|days off|time off|pto.|19',
          'balance|unused|remain|untaken|left|accrued|what happens|payout|paid out|outstanding|days|rest|entitle|not taken|' +
            'compensat|handle|settle|sort',
        ],
      },
      {
        says: 'he asks for the papers',
        concepts: [
          'paper|form.|forms|document|contract|procedure|process|formal|how|offboard|steps|sign',
          'need|want|ask|send|sign|leav|resign|departure|exit|hr|request|receiv|works|terminat|know|require|complete|offboard|hand',
        ],
      },
      {
        says: 'pass and login have to go to somebody',
        concepts: [
          'pass.|badge|keys|login|account|access|handover|hand over|return|hand in|give back|credential|hand back|handing',
        ],
      },
      {
        says: 'it is confidential for now',
        concepts: [
          'quiet|confiden|secre|discre|private|himself|not told|not tell|not yet|unannounced|public|nobody know|no one know|' +
            'not announce|tell the|told nobody|inform|not know|break the news|himself',
        ],
      },
    ],
    summary:
      'Mikkel Thorsen resigns as of 30 August and asks HR for the exit forms, what happens to his unused vacation, and who takes his pass and login; it is confidential until next week.',
  },
  'hard-04': {
    label: 'spam',
    near: { urgent: 0.2 },
    route: 'security',
    alsoRoutes: { finance: 0.4 },
    facts: [
      {
        says: 'somebody poses as our supplier',
        weight: 2,
        concepts: [
          FRAUD,
          'supplier|vendor|vetrochrom|carla|benedetti|bank|transfer|instal|money|148200|nils|lookalike|look alike|domain',
        ],
      },
      {
        says: 'to have money sent to another account',
        weight: 2,
        concepts: [
          'divert|redirect|chang|new.|different|another|switch|alter|vilnius|lithuania|other|unknown|rerout|foreign|instead',
          'bank|account|iban|vilnius|lithuania',
        ],
      },
      {
        says: 'the payment must not be made',
        concepts: [
          'not pay|do not|not be paid|not send|stop|148200|instal|transfer|payment',
          'today|early|immediate|148200|secre|august|wire|euro|eur.|urgen|divert|pressur|vilnius|bank|pay|fraud|fake',
        ],
      },
      {
        says: 'it presses for speed and secrecy',
        concepts: [
          'secre|confiden|quiet|pressur|urgen|rush|hurry|haste|early|premature|hush|immediate|today',
        ],
      },
      {
        says: 'the real terms are others',
        weight: 2,
        concepts: [
          'genuine|real.|true|actual|original|contrary|contradict|earlier|never|authentic|previous|agreed|on file|in may',
          'august|email|deliver|bank|vendor|supplier|terms|change|may.|address|domain|account|payment|wrote|said|sender|instruct',
        ],
      },
    ],
    summary:
      'Fraud: a lookalike sender impersonating our supplier Vetrochrom presses for a secret transfer of EUR 148,200 to a different bank account, contrary to the genuine terms of payment on delivery in August.',
  },
  'hard-05': {
    label: 'archive',
    near: { normal: 0.3 },
    route: 'none',
    alsoRoutes: { 'it-support': 0.5 },
    facts: [
      {
        says: 'the sound in the boardroom works again',
        weight: 2,
        concepts: [
          'fix|resolv|solv|sort|over.|settled|repair|work again|works again|working again|no longer|dealt|back|done|taken care|' +
            'already|restor|cured|put right|reconnect|works|closed',
          'sound|audio|av.|boardroom|speaker|meeting|noise|room|silent|problem|issue|board|call|hear',
        ],
      },
      {
        says: 'a cable had come out',
        weight: 2,
        concepts: [
          'cable|lead.|plug|loose|unplug|disconnect|connection|wire',
          'loose|unplug|disconnect|reconnect|out.|cause|reason|accident|fault|trip|kick|knock|back|culprit|simple|simply|just|' +
            'boardroom|sound|audio|plugged|pulled|somebody|someone|fell|detach',
        ],
      },
      { says: 'nobody has to come', concepts: [NO_ACTION] },
      {
        says: 'the meeting took place',
        concepts: [
          'meeting|board|directors|call|conference',
          'held|took place|went|in time|ahead|heard|finish|happened|success|end|proceed|normal|complete|as planned|over.',
        ],
      },
      {
        says: 'the alarm is withdrawn',
        concepts: [
          'earlier|previous|panic|alarm|urgent|apolog|sorry|shout|outburst',
          'apolog|panic|message|over.|disregard|ignore|withdraw|no longer|request|call|sorry|obsolete|sound|tone|resolv|mail|settled|fix',
        ],
      },
    ],
    summary:
      'The audio failure in the boardroom has been fixed: a disconnected cable was the cause, the meeting took place, and no further help is needed.',
  },
  'hard-06': {
    label: 'urgent',
    near: { normal: 0.3 },
    route: 'communications',
    alsoRoutes: { legal: 0.3, quality: 0.4 },
    facts: [
      {
        says: 'a journalist wants our comment',
        weight: 2,
        concepts: [
          'journalist|reporter|press.|media|newspaper|magazine|publication|news|pharma ledger|correspondent|writer|editor|paper.',
          'comment|statement|respon|answer|version|publish|story|article|view|side|question|reply|quote|contact|ask|want|react|print|write|run',
        ],
      },
      {
        says: 'about a packaging mistake and a quiet recall',
        weight: 2,
        concepts: [
          'recall|withdraw|withdrew|sent back|return|taken back|pull|mislabel|packag|mispack|mix up|misprint|insert|leaflet',
          'alleg|claim|secre|quiet|silent|unannounc|hush|batch|adjuvant|pharmac|box|leak|whistle|mistake|error|wrong|carton|' +
            'product|public|without|suppos|suggest|say|incorrect|mislabel|recall',
        ],
      },
      {
        says: 'by six today',
        weight: 2,
        concepts: [
          '18:00|18.00|6 pm|6 this evening|6 in the evening|6 tonight|6 o|today|this evening|tonight|6 p|end of the day|close of business|this afternoon',
          'comment|statement|before|by.|deadline|respon|answer|until|reply|react|say|publish|otherwise|opportunity|chance|want|press|go',
        ],
      },
      {
        says: 'our own people talked',
        concepts: [
          'insider|leak|whistle|staff|employee|worker|source|night shift|own people|internal|inside',
          'claim|alleg|story|press|journal|recall|tell|told|report|reveal|talk|leak|inform|say|said|based|2|our|according|disclos|spoke',
        ],
      },
      {
        says: 'it will be printed',
        concepts: ['publish|publication|print|story|article|appear|goes to press|thursday'],
      },
    ],
    summary:
      'A journalist from Pharma Ledger asks for our comment by 18:00 today on allegations from staff that a mislabelled batch is being quietly recalled from pharmacies.',
  },
  'hard-07': {
    label: 'spam',
    near: { urgent: 0.2 },
    route: 'security',
    alsoRoutes: { 'it-support': 0.4 },
    facts: [
      {
        says: 'somebody poses as the service desk',
        weight: 2,
        concepts: [
          FRAUD,
          'service desk|desk|it message|it mail|it email|it notice|it department|it support|it service|it team|it staff|helpdesk|help desk|laptop|computer|refresh|replacement',
        ],
      },
      {
        says: 'to get password and code',
        weight: 2,
        concepts: [
          'password|passcode|code|credential|login|log in|mfa.|2fa|2 factor|authenticat|verification|6 digit|otp.|pin.',
          'steal|ask|want|harvest|obtain|trick|give|request|enter|phish|get|captur|demand|reveal|hand|collect|fish|extract|lure|' +
            'never|disclos|fraud|grab|shar|provid|submit|stole|seek|ring',
        ],
      },
      {
        says: 'from a false address',
        concepts: [
          'fake|lookalike|look alike|spoof|different|wrong|false|outside|external|not our|foreign|imperson|impost|pretend|posing|' +
            'poses|not the real|copycat|similar|outsider|hijack|not belong',
          'desk|site|domain|page|address|thread|service|website|url|link|sender|conversation|department|support|helpdesk',
        ],
      },
      {
        says: 'with the threat of closing the account',
        concepts: [
          'threat|clos|shut|delet|lock|deactivat|suspend|17:00|5 pm|deadline|pressur|disabl|cut off|lose|before',
          'account|17:00|overnight|access|deadline|user|evening|pressure|5|tonight',
        ],
      },
      {
        says: 'the real desk never asks for them',
        concepts: [
          'real.|genuine|actual|true|earlier|official|original|proper',
          'never|not|said|domain|desk|thread|message|announce|told|warn|promis|says|state',
        ],
      },
      {
        says: 'the laptop swap is the pretext',
        concepts: [
          'laptop|computer|refresh|hardware',
          'pretext|excuse|thread|fake|pretend|use|phish|cover|steal|trick|context|imperson|under|genuine|replac|exploit|scam|guise|upgrade',
        ],
      },
    ],
    summary:
      'Phishing: somebody impersonating our service desk uses the laptop replacement to steal a password and login code through a lookalike site, which the real desk said it would never request.',
  },
  'hard-08': {
    label: 'archive',
    near: { normal: 0.3 },
    route: 'people',
    alsoRoutes: { none: 0.4, quality: 0.3 },
    facts: [
      {
        says: 'the training is done and recorded',
        weight: 2,
        concepts: [
          'complet|pass.|passed|finish|done|met.|record|compliant|certif|up to date|fulfil|in order|taken|satisf|accept|valid|register|acknowledg',
          'gmp|training|refresher|course|learning|94|requirement',
        ],
      },
      {
        says: 'warnings and escalation are void',
        weight: 2,
        concepts: [
          'cancel|withdraw|withdrew|no longer|void|obsolete|retract|taken back|drop|rescind|closed|lift|revok|call off|false alarm|' +
            'disregard|ignore|resolved|clear|moot|mistaken|undone|stopp|settled|supersed|invalid|recall|not apply',
          'warn|remind|escalat|overdue|manager|boss|complaint|superior|supervisor|chaser|gmp|training',
        ],
      },
      {
        says: 'the proof arrived late',
        concepts: [
          'late|delay|cross|slow|after|just now|only now|this morning|arriv|upload|provider|overlap|time',
          'certificat|proof|evidence|result|upload|provider|confirm|record|document|paper|message|report|data|mark|reminder',
        ],
      },
      { says: 'nobody has to act', concepts: [NO_ACTION] },
      { says: 'mark or date', concepts: ['94|29|29th|in time|good mark|high mark|end of may|on time'] },
    ],
    summary:
      'The learning portal confirms that the GMP training was completed in May; the proof arrived late, so the overdue warnings and the escalation to the manager are cancelled and no action is needed.',
  },
  'hard-09': {
    label: 'urgent',
    near: { normal: 0.3 },
    route: 'legal',
    alsoRoutes: { 'supply-chain': 0.2 },
    facts: [
      {
        says: 'Lindmar Glass has begun arbitration',
        weight: 2,
        concepts: [
          'arbitrat|claim|legal action|lawsuit|disput|sue.|sues|suing|sued|proceeding|case.|litigat|legal|complaint|court|tribunal',
          'lindmar|glass|vial|supplier|stockholm|client|return|reject|refus|vendor|defect',
        ],
      },
      {
        says: 'our answer is due tomorrow at noon',
        weight: 3,
        concepts: [
          'respon|answer|defen|reply|statement|submission|react|counter|file|filing|deadline|time limit|respond|object|period|due',
          'tomorrow|noon|11|11th|12:00|midday|24 hour|within a day|next day|one day',
        ],
      },
      {
        says: 'else it goes on without us',
        concepts: [
          'default|without us|one sided|without our|against us|uncontested|unopposed|go ahead|proceed|absence|ex parte|otherwise|' +
            'lose|miss|undefended|no say|decid|forfeit|unheard',
          'without|papers|case|panel|us.|hear|tribunal|otherwise|arbitrat|absence|claim|right|deadline|default|our|them',
        ],
      },
      {
        says: 'about vials that we returned',
        concepts: [
          'vial|glass|goods|glassware',
          'return|reject|refus|sent back|unpaid|defect|not paid|pay|faulty|back|declin|payment|over|about|disput',
        ],
      },
      {
        says: 'the original went to an old address',
        concepts: [
          'old.|former|wrong|previous|outdated|lyngby|misdirect|misaddress|earlier|other',
          'address|office|site|location|lyngby|place|premises|notice|original|papers|document|deliver',
        ],
      },
    ],
    summary:
      'Lindmar Glass has begun arbitration over vials that we returned; the papers went to a former address, and our defence must be filed by noon tomorrow or the case proceeds without us.',
  },
  'hard-10': {
    label: 'spam',
    near: { archive: 0.2 },
    route: 'none',
    alsoRoutes: { security: 0.4, 'supply-chain': 0.1 },
    facts: [
      {
        says: 'it is advertising for gloves',
        weight: 2,
        concepts: [`${UNSOLICITED}|bogus|fake|scam`, 'glove|labdealz|order|nitrile|lab|laborator|pallet'],
      },
      {
        says: 'there never was an order',
        weight: 2,
        concepts: [
          'pretend|fake|invent|never order|never placed|no such|not order|not place|no order|bogus|false|nonexist|non exist|' +
            'disguis|fabricat|made up|claim|untrue|fictit|suppos|as if|mislead|phantom|trick|imagin|sham|purport|guise|decei|' +
            'decept|nobody ordered|no one ordered|not exist|poses|posing|dress|mask|not real',
          'order|reminder|purchase|request|hold|asked|want|existing|customer|glove|reserv|bought',
        ],
      },
      {
        says: 'with a discount and a gift',
        concepts: [
          '70|discount|cheap|voucher|price|free|gift|watch|bargain|coupon|deal.|deals',
          'glove|70|offer|tonight|watch|percent|today|code|big|promis|pressure|expire|lab|discount|gift|order',
        ],
      },
      {
        says: 'it fishes for colleagues',
        concepts: [
          'harvest|collect|fish|contact|address|email|names|details|referral|colleague|gather',
          'colleague|purchas|staff|buyer|team|3|cowork|co work|decision|people|others|contact|buying|employee',
        ],
      },
    ],
    summary:
      'LabDealz sends an unsolicited advert disguised as a reminder of an order that was never placed, offers cheap gloves and fishes for contact details of purchasing colleagues.',
  },
}

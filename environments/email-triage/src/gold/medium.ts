import { DOWN, FRAUD, NO_ACTION, UNSOLICITED } from './lexicon.ts'
import type { TaskGold } from './gold.ts'

/** The right answers of task_medium. */
export const mediumGold: TaskGold = {
  'medium-01': {
    label: 'urgent',
    near: { normal: 0.3 },
    route: 'operations',
    alsoRoutes: { 'customer-success': 0.3 },
    facts: [
      {
        says: 'the berth planner is down',
        weight: 2,
        concepts: [
          `${DOWN}|show nothing|shows nothing|white|empty`,
          'berth|schedul|planner|planning|tool|software|application|app.|system|service|page|screen|tidemark|platform|plan.|product',
        ],
      },
      {
        says: 'at several harbours',
        concepts: [
          '3|several|multiple|other|more than one|various|skarnes|ellingvik|widespread|neighbour|neighbor|both|many|2',
          'port|harbour|harbor|customer|site|location|office|ellingvik|vardal|client|user|terminal|place',
        ],
      },
      {
        says: 'many ships come this afternoon',
        weight: 2,
        concepts: [
          '19|busy|peak|many|heavy|large|lot|surge|rush|wave|big|afternoon|dozen',
          'ship|vessel|tide|arriv|afternoon|boat|today|traffic|due.',
        ],
      },
      {
        says: 'it is dangerous',
        weight: 2,
        concepts: [
          'collision|collid|double|twice|clash|conflict|danger|risk|unsafe|accident|safety|hazard|same quay|same berth|mistake|' +
            'mix up|near miss|error|wrong|incident|chaos',
          'quay|berth|pilot|ship|vessel|afternoon|slot|tide|harbour|port|assign|alloc|manual|book|double|today|19',
        ],
      },
      {
        says: 'they work by hand',
        concepts: [
          'manual|by hand|whiteboard|white board|from memory|pen and paper|paper|improvis|workaround|work around|memory|makeshift|guess',
        ],
      },
      {
        says: 'since ten past six',
        concepts: ['6:10|6.10|10 past 6|since early|this morning|early morning|since 6|after 6'],
      },
    ],
    summary:
      'The berth scheduling system has been down at three harbours since 06:10; with manual work, double-booked quays and nineteen vessels arriving this afternoon there is a collision risk.',
  },
  'medium-02': {
    label: 'archive',
    near: { spam: 0.3 },
    route: 'none',
    facts: [
      {
        says: 'it is a newsletter of the trade',
        weight: 2,
        concepts: [
          'newsletter|news letter|magazine|bulletin|periodical|mailing|publication|digest|trade press|industry news|circular|' +
            'promot|advert|marketing|e zine|journal|ad.|ads.|subscription',
          'week|harbour|harbor|trade|industry|subscri|tech|event|conference|antwerp|opted|sign|maritime|port|early|ticket|sector|january|regular',
        ],
      },
      {
        says: 'it advertises a conference at a discount',
        weight: 2,
        concepts: [
          'conference|event|ticket|congress|show.|fair.|expo|exhibition|live|admission|antwerp',
          'discount|early|price|cheap|promot|advert|ad.|ads.|expens|offer|dear|cost|reduced|390|540|saving|deal|rate|rise|go up|increase|booking|push|plug|sell',
        ],
      },
      {
        says: 'it only sounds urgent',
        concepts: [
          'urgen|alarm|shout|dramatic|panic|threat|tone|scary|pressing|headline|subject|hype|sounds|loud|deadline',
          'only|merely|just|not|nothing|despite|concern|misleading|promotion|marketing|early|discount|about|wording|but|though|really|simply|hype',
        ],
      },
      {
        says: 'somebody subscribed, and nobody has to act',
        concepts: [`${NO_ACTION}|subscri|opted|opt in|sign|regist|genuine|legit|harmless|leisure|optional`],
      },
    ],
    summary:
      'A weekly trade newsletter to which we are subscribed; the urgent subject merely promotes discounted tickets for a conference, so no action is needed.',
  },
  'medium-03': {
    label: 'normal',
    near: { urgent: 0.3 },
    route: 'legal',
    alsoRoutes: { 'customer-success': 0.2 },
    facts: [
      {
        says: 'they want a higher limit of liability',
        weight: 2,
        concepts: [
          'liab|cap.|caps|limit of|compensation|ceiling|exposure|responsib|damages|indemn|owe',
          'rais|higher|12|increas|year|lift|more.|extend|negotiat|chang|revis|month|quadrupl|amend|greater|larger|adjust|up to|' +
            'better|modif|much|bigger|want|ask',
        ],
      },
      {
        says: 'they want their data kept in Europe',
        weight: 2,
        concepts: [
          'data|information|host|storage|stor|server|record',
          'europe|eea|eu.|virginia|region|where|locat|residen|united states|us.|american|america|abroad|overseas|inside|outside|' +
            'jurisdiction|sovereign|continent|territor|move',
        ],
      },
      {
        says: 'these stand between draft and signature',
        concepts: [
          'contract|agreement|deal|terms|clause|renew|draft|sign',
          'before|sign|chang|amend|revis|negotiat|modif|edit|condition|block|outstand|hold|until|prior|reword|wording|lawyer|' +
            'legal|counsel|adjust|nearly|almost|rewrit|propos|open',
        ],
      },
      { says: 'the board decides on 18 July', concepts: ['18|18th|july|board'] },
      {
        says: 'our lawyers should propose words',
        concepts: [
          'lawyer|legal|counsel|attorney|solicitor',
          'propos|draft|wording|reword|negotiat|revis|word|suggest|redraft|amend|rewrit|formulat|text|language|review|respond|chang',
        ],
      },
    ],
    summary:
      'Before renewing its contract, Havnedrift wants our lawyers to raise the liability limit to twelve months of fees and to keep its data within Europe; its board meets on 18 July.',
  },
  'medium-04': {
    label: 'urgent',
    near: { normal: 0.3 },
    route: 'security',
    alsoRoutes: { operations: 0.3 },
    facts: [
      {
        says: 'one customer gets the data of another',
        weight: 2,
        concepts: [
          'leak|breach|expos|disclos|reveal|can see|sees|visible|access|unauthori|data protection|privacy|confidential|private|' +
            'separat|isolat|mixed|mixing|cross|gdpr|compromis|contain|includ|download|shar|show|incident|belong|obtain|get.|gets|receiv|return',
          'another|other customer|other client|other tenant|other port|other harbour|other harbor|different customer|different port|' +
            'different harbour|brennet|else|tenant|foreign|third party|customer data|not theirs|not hers|not belong|personal data|' +
            'stranger|passport|competitor|other organi|other user',
        ],
      },
      {
        says: 'it is personal data',
        weight: 2,
        concepts: [
          'passport|personal|private|confidential|sensitive|identity|pii.|phone|contact detail|crew',
          'leak|breach|expos|reveal|scan|data|detail|record|document|number|information|export|download|customer|file|cop|disclos',
        ],
      },
      {
        says: 'it happens at every export',
        concepts: [
          'export|download|spreadsheet|extract',
          'repeat|every|each|reproduc|consistent|times|again|colleague|always|3|another|contain|bug|includ|leak|wrong|other|brennet|function|else',
        ],
      },
      {
        says: 'the file lies where others can read it',
        concepts: [
          'shared|common|folder|temps|temporary|coworker|drive|directory',
          'file|folder|sit|sav|stor|delet|open|access|copy|read|temp|still|kept|remain|spreadsheet',
        ],
      },
      {
        says: 'she asks whether to delete it',
        concepts: [
          'delet|remov|eras|destroy|bin.|dispos|get rid|what to do|instruction|advice|wipe',
          'ask|wonder|whether|should|want|file|question|shall|if.|offer|copy|it.',
        ],
      },
    ],
    summary:
      "Lucia Ferretti reports a data breach: her export exposes another customer's confidential records, among them crew passports, and the file is in a shared folder; she asks whether to delete it.",
  },
  'medium-05': {
    label: 'spam',
    near: { normal: 0.1 },
    route: 'security',
    alsoRoutes: { none: 0.4 },
    facts: [
      {
        says: 'it is a scam about renewing our domain',
        weight: 2,
        concepts: [
          FRAUD,
          'domain|renew|registr|web address|listing|website|expir|site|url|tidemark|hosting|internet address',
        ],
      },
      {
        says: 'it wants money',
        weight: 2,
        concepts: [
          'not pay|never pay|not wire|pay|money|wire|transfer|fee.|fees|remit|dollar|289|bill.|usd.',
          'domain|renew|admin|login|log in|password|credential|sign in|address|expir|289|not pay|demand|trick|web|registr|scare|' +
            'frighten|fake|scam|listing|unnecessar|get us|make us',
        ],
      },
      {
        says: 'or the login of our administrator',
        concepts: ['login|log in|password|credential|admin|account access|sign in|access'],
      },
      {
        says: 'it is not from our registrar, and must not be paid',
        concepts: [
          'not pay|ignore|never|not our|not bill|no obligation|unconnected|unrelated|not affiliated|not connected|no connection|' +
            'nothing to do with|already own|third party|not respond|delete|stranger|unknown|not invoice|no relation|unaffiliated',
          'pay|registr|domain|provider|bill|respond|reply|it.|admin|letter|we.|address|company|request|security|own|them|289|message',
        ],
      },
    ],
    summary:
      'A fraudulent letter claims that our domain must be renewed and tries to make us pay 289 dollars or reveal administrator credentials to a company unconnected to our registrar.',
  },
  'medium-06': {
    label: 'archive',
    near: { normal: 0.3 },
    route: 'operations',
    alsoRoutes: { none: 0.4 },
    facts: [
      {
        says: 'planned maintenance is over and went well',
        weight: 2,
        concepts: [
          'finish|complet|success|done|over.|conclu|without trouble|without problem|without issue|healthy|fine|well|smooth|ended|' +
            'carried out|replaced|wrapped|confirm|no problem|no issue|went|in order|performed|concluded',
          'maint|planned|scheduled|upgrade|hardware|migrat|replac|storage|move.|moved|work|swap|update',
        ],
      },
      {
        says: 'our cloud provider did it',
        weight: 2,
        concepts: [
          'provider|hosting|host|cloud|stratoport|vendor|supplier|data cent',
          'maint|plan|schedul|hardware|storage|confirm|finish|complet|upgrad|replac|inform|report|notif|success|announc|database|migrat|says|tells',
        ],
      },
      {
        says: 'our databases were away for seconds',
        concepts: [
          'interrupt|switch|failover|fail over|failed over|outage|blip|downtime|pause|hiccup|drop|unavailable|disrupt|break|offline|second',
          '4|second|brief|short|database|moment|minor|tiny|momentar|only',
        ],
      },
      { says: 'nobody has to act', concepts: [`${NO_ACTION}|just a notif|notification|notice`] },
      { says: 'when', concepts: ['11|11th|overnight|last night|early hours|night'] },
    ],
    summary:
      'The cloud provider Stratoport has successfully finished its scheduled hardware maintenance of 11 June; the databases were interrupted for four seconds and no action is required.',
  },
  'medium-07': {
    label: 'normal',
    near: { urgent: 0.3, archive: 0.1 },
    route: 'finance',
    facts: [
      {
        says: 'an invoice of Kestrel is overdue',
        weight: 2,
        concepts: [
          'overdue|unpaid|outstanding|not been paid|not paid|late.|past due|owe|owing|chas|remind|arrears|due.|unsettled|open|' +
            'await|not received|missing|delinquent|not yet',
          'invoice|kestrel|print|20931|1864|bill|brochure|payment|account|april',
        ],
      },
      {
        says: 'she asks when it will be paid',
        weight: 2,
        concepts: [
          'when|date|expect|timing|schedule|confirm|timetable|time frame|timeframe|how soon|eta.',
          'pay|paid|payment|money|settle|transfer|remit',
        ],
      },
      { says: 'number or amount', concepts: ['20931|1864'] },
      {
        says: 'there is no hurry',
        concepts: [
          'no hurry|no rush|not urgent|no pressure|patient|friendly|polite|gentle|courteous|2 week|fortnight|couple of week|' +
            'relaxed|understanding|cordial|mild|no threat|nothing urgent|within|gently|kindly|without pressure',
        ],
      },
      {
        says: 'it is for printed brochures',
        concepts: [
          'brochure|print|leaflet',
          'april|invoice|pay|paid|bill|our|conference|overdue|kestrel|owe|unpaid|for.|unsettled|company|firm|not',
        ],
      },
    ],
    summary:
      'Kestrel Print politely reminds us of the overdue invoice 20931 for £1,864 and asks when it will be paid, ideally within a fortnight.',
  },
  'medium-08': {
    label: 'spam',
    near: { archive: 0.2 },
    route: 'none',
    alsoRoutes: { people: 0.2, security: 0.4 },
    facts: [
      {
        says: 'it is unsolicited mail of a recruiter',
        weight: 2,
        concepts: [
          UNSOLICITED,
          'recruit|staff|talent|engineer|agency|headhunt|contractor|peoplepipe|developer|freelanc|hiring|candidate|outsourc|bench|dale|personnel',
        ],
      },
      {
        says: 'it pretends that we have met',
        weight: 2,
        concepts: [
          'pretend|false|fake|invent|fabricat|untrue|claim|made up|bogus|imagin|fictit|supposed|alleged|never met|never spoke|' +
            'not met|not spoken|no such|purport|imply|implies|feign|as if|lie.|lies|lying|misleading|nonexist|non exist|sham|not know|presume',
          'met.|meet|convers|chat|acquaint|call|contact|spoke|talk|relationship|connect|knows|earlier|previous|prior|agreement|' +
            'promis|friend|introduct|discuss|know',
        ],
      },
      {
        says: 'it offers cheap engineers',
        concepts: [
          '14|discount|cheap|40|below market|under market|reduced|low rate|cut price|bargain|less',
          'engineer|developer|contract|staff|rate|market|programmer|candidate|price|talent|offer|people|worker',
        ],
      },
      {
        says: 'he books a meeting by himself',
        concepts: [
          'book|pencil|diary|calendar|meeting|slot|appointment|schedul',
          'himself|itself|tomorrow|uninvited|without|asked|presum|own|unasked|self|8:30|unilateral|already|our|automatic|invitation|impos|push|force',
        ],
      },
      {
        says: 'it went to thousands',
        concepts: [
          'bulk|mass.|mailshot|blast|thousand|6412|6000|recipient|broadcast|generic|circular|sent to',
        ],
      },
    ],
    summary:
      'A recruitment agency sends an unsolicited mass mailing that offers discounted engineers and falsely claims an earlier conversation; it can be ignored.',
  },
}

import { DOWN, NO_ACTION, UNSOLICITED } from './lexicon.ts'
import type { TaskGold } from './gold.ts'

/** The right answers of task_easy. */
export const easyGold: TaskGold = {
  'easy-01': {
    label: 'normal',
    near: { urgent: 0.3 },
    route: 'people',
    facts: [
      {
        says: 'the new packer starts later',
        weight: 2,
        concepts: [
          'postpon|delay|push|later|late.|defer|move|mov|shift|put back|set back|2 week|fortnight|reschedul|chang|' +
            'new date|start|begin|can not|not be able|not available|unable|hold|held|slip|wait|not free',
          'start|join|new hire|recruit|newcomer|hire|employee|packer|agnieszka|wrona|onboard|arriv|begin|worker|candidate|she.',
        ],
      },
      {
        says: 'her papers have to be changed',
        weight: 2,
        concepts: [
          'amend|updat|revis|chang|redo|reissu|redraft|new.|alter|adjust|correct|re issue|fresh|rewrit|reprint|modif|fix|' +
            'replac|redat|re date|send|sent|prepar|draw|redone|resched',
          'contract|document|paperwork|papers|paper.|offer|letter|agreement|form.|forms|employment',
        ],
      },
      {
        says: 'her induction has to be moved',
        concepts: [
          'induct|orientation|onboard|training|introduct|welcome',
          'rebook|book|move|mov|chang|resched|updat|seat|place|slot|spot|17|june|new.|week|later|arrang|shift|sign|enrol|session',
        ],
      },
      {
        says: 'her notice period is the reason',
        concepts: [
          'notice|old employer|current employer|present employer|previous employer|former employer|other employer|current job|' +
            'old job|other job|previous job|still employed|tied|obligation|not releas|existing|employer',
        ],
      },
      { says: 'the new date', concepts: ['17|17th|mid june|middle of june|2 week|fortnight'] },
      {
        says: 'it is needed by the end of next week',
        concepts: [
          'next week|within a week|within week|in a week|about a week|following week|not urgent|no rush|no hurry|31 may',
        ],
      },
    ],
    summary:
      'A supervisor asks HR to reissue the contract of new recruit Agnieszka Wrona and rebook her onboarding, as her notice period delays her start to 17 June.',
  },
  'easy-02': {
    label: 'urgent',
    route: 'safety',
    facts: [
      {
        says: 'gas seems to be leaking at line 3',
        weight: 2,
        concepts: [
          'leak|escap|gas.|gases|ammonia|refrigerant|fume|toxic|chemical|coolant|hazardous|vapour|vapor|contaminat|freon|odour|' +
            'odor|smell|stench|air.',
          'line 3|chiller|cool|refriger|hall|chilling|plant|factory|production|site|building|unit|equipment|machine|3',
        ],
      },
      {
        says: 'workers are ill',
        weight: 2,
        concepts: [
          'ill.|sick|unwell|dizz|faint|nause|vomit|poison|light head|lighthead|affected|injur|harm|symptom|hurt|overcome|' +
            'collaps|expos|casualt|feel|felt|medical|queasy|health',
          'worker|staff|employee|people|crew|colleague|3|2|several|member|person|marcin|team|operative|shift|some|both|hand|them',
        ],
      },
      {
        says: 'the hall has been left',
        concepts: [
          'evacuat|clear|out of the building|got everybody out|everyone out|everybody out|all out|car park|parking|outside|safe|' +
            'sent out|moved out|emptied|withdrawn|pulled out|stopp|shut|halt|seal',
        ],
      },
      {
        says: 'the person in charge of emergencies has to ring at once',
        weight: 2,
        concepts: [
          'emergency|incident|response|responder|take charge|in charge|duty|crisis|manager|coordinator|lead.|leader|safety team|' +
            'safety officer|whoever|help',
          'call|phone|ring|contact|immediate|now.|urgent|at once|right away|straight away|instant|asap|respond|take|act.|quick|' +
            'soon|charge|speak|reach|wait|need|back',
        ],
      },
      {
        says: 'the contractor cannot be reached',
        concepts: [
          'contractor|refrigeration company|service company|maintenance|engineer',
          'not answer|no answer|unreachable|not pick|not reach|not respond|unanswered|not be reached|unavailable|can not|no reply|' +
            'failed|silent|not available|not contact|no response|not get|not be contacted',
        ],
      },
    ],
    summary:
      'Priya Raman suspects a refrigerant leak at the line 3 chiller; three workers are ill, everyone has been evacuated, and the emergency manager must call her immediately.',
  },
  'easy-03': {
    label: 'spam',
    near: { archive: 0.2 },
    route: 'none',
    alsoRoutes: { security: 0.4 },
    facts: [
      {
        says: 'it is unsolicited advertising for search ranking',
        weight: 2,
        concepts: [
          UNSOLICITED,
          'seo|search|rank|website|web site|google|backlink|link build|optimi|traffic|site|visib|link|rankspire|brad|web',
        ],
      },
      {
        says: 'it promises a better rank for little money',
        weight: 2,
        concepts: [
          'seo|search|rank higher|ranking|rankings|optimi|google|higher position|better position|visib|backlink|link build|traffic|rank',
          'cheap|discount|99|price|dollar|low cost|bargain|steep|special|offer|promis|sell|buy|rate|limited|guarantee|claim|boost|' +
            'improv|better|service|package|increase|push|pitch',
        ],
      },
      {
        says: 'nobody knows the sender, nobody has to act',
        concepts: [
          `${NO_ACTION}|never dealt|unknown|stranger|not know|no relation|not customer|unfamiliar|third party|outfit|out of the blue|random`,
        ],
      },
      {
        says: 'it is pushy and unbelievable',
        concepts: [
          'pushy|push|pressur|aggressive|hard sell|exaggerat|unrealistic|too good|persist|dubious|implausible|unbeliev|inflated|hype|grand',
        ],
      },
    ],
    summary:
      'Rankspire sends an unsolicited marketing pitch for search engine optimisation, promising better rankings at a steep discount; no action is needed.',
  },
  'easy-04': {
    label: 'archive',
    near: { normal: 0.3 },
    route: 'finance',
    alsoRoutes: { none: 0.4 },
    facts: [
      {
        says: 'it is the receipt for a paid subscription',
        weight: 2,
        concepts: [
          'receipt|paid.|payment|invoice|charge|billing|bill.|purchase|transaction|debit|settled|took|taken|fee.|confirm',
          'fennel|recipe|412|412.80|subscription|licence|license|software|seat|card|month|plan|tool|app.|application|saas|user',
        ],
      },
      { says: 'the amount', concepts: ['412|412.80|413|over 400|about 400|400'] },
      {
        says: 'it covers one month of software licences',
        concepts: [
          'subscription|licence|license|month|renew|plan|software|user',
          'may.|month|24|fennel|recipe|annual|recurr|automatic|seat|card|paid|payment',
        ],
      },
      {
        says: 'nobody has to act; it is for the books',
        weight: 2,
        concepts: [
          `${NO_ACTION}|record|bookkeep|accounting|accounts|books|reference|already paid|automatic|auto.|documentation|evidence`,
          'fennel|payment|paid|receipt|card|renew|subscription|account|record|invoice|licen|seat|charg|month|software|plan|finance|company',
        ],
      },
      {
        says: 'it goes on by itself',
        concepts: [
          'renew|recur|continu|next charge|next payment|roll|automatic|auto.|ongoing',
          'subscription|licen|plan|june|month|fennel|automatic|software|charge|payment|card|it.',
        ],
      },
    ],
    summary:
      'Fennel confirms that its monthly subscription, GBP 412.80 for 24 user licences, was paid by card and renews automatically; the receipt is only for the records.',
  },
  'easy-05': {
    label: 'urgent',
    near: { normal: 0.2 },
    route: 'it-support',
    alsoRoutes: { sales: 0.2 },
    facts: [
      {
        says: 'the handsets of dispatch do not work',
        weight: 2,
        concepts: [
          `${DOWN}|activat|unlock|locked out`,
          'scan|handheld|hand held|handset|device|terminal|dispatch|hardware|gun|pda|mobile|unit|equipment|11|computer|system',
        ],
      },
      {
        says: 'nothing can leave',
        weight: 2,
        concepts: [
          'stop|halt|block|stuck|stand|wait|hold|held|can not|unable|no goods|paralys|paralyz|stall|idle|queue|frozen|delay|' +
            'suspend|not leav|nothing leav|nothing has left|nothing can|strand|not move|grounded|prevent|interrupt|not go|no deliver|no ship',
          'ship|deliver|goods|dispatch|load|truck|lorr|outbound|order|pallet|logistic|departure|transport|dock|building|warehouse|product',
        ],
      },
      {
        says: 'the Aldgate slot ends at 9:30',
        concepts: [
          '9:30|9.30|half past 9|aldgate|supermarket|delivery slot|delivery window|cut off|deadline|retailer',
        ],
      },
      {
        says: 'the load is lost after that',
        concepts: [
          'lost|lose|loss|reject|refus|waste|wast|thrown|throw|discard|scrap|spoil|destroy|turned away|turn away|bin.|missed|' +
            'miss.|written off|write off|perish|dump|binned',
          'load|aldgate|deliver|food|goods|pallet|order|consignment|shipment|product|slot|morning|9:30|stock|everything|meal|lorr|truck|it.|window',
        ],
      },
      {
        says: 'lorries are waiting',
        concepts: ['truck|lorr|vehicle|driver', '5|wait|idle|several|queue|stand|stuck|parked'],
      },
    ],
    summary:
      'All handheld devices in dispatch have been locked since 05:50, so shipping has stopped with five trucks waiting; unless IT repairs them by 9:30 the Aldgate delivery will be lost.',
  },
  'easy-06': {
    label: 'normal',
    near: { urgent: 0.2 },
    route: 'sales',
    facts: [
      {
        says: 'she wants a quote',
        weight: 2,
        concepts: [
          'quot|pric|offer|cost|bid.|tender|proposal|estimate|rate.|rates|figure|terms',
          'lasagn|portion|school|meal|cater|canteen|bellwether|prospect|customer|4000|kitchen|client|vegetarian|supply|volume|order|supplier|dish',
        ],
      },
      {
        says: 'for 4,000 portions a week',
        concepts: ['4000|4 thousand|thousand', 'week|portion|lasagn|vegetarian|veggie|meal|per.|dish'],
      },
      {
        says: 'she buys for schools and could become a customer',
        weight: 2,
        concepts: [
          'prospect|potential|new customer|new client|possible|lead.|consider|caterer|catering|cater|school meal|school food|' +
            'would be customer|interested|enquir|inquir|opportunity|may become|buyer|look|supplier|pupil|purchas|want|request|ask|need',
          'school|canteen|bellwether|lasagn|meal|portion|customer|client|supplier|sample|marguerite|oyelaran|children|pupil|company|kitchen|term|lunch',
        ],
      },
      {
        says: 'it is decided on 21 June',
        concepts: [
          'decision|decid|choos|choice|award|select|pick|21|21st|deadline|before|by.|first 3 week|until|due',
          'june|21|governor|board|month|21st',
        ],
      },
      {
        says: 'deliveries early on Mondays',
        concepts: ['deliver|drop|arriv|supply|transport|van.', 'monday|morning|early|7|weekly|dawn'],
      },
      {
        says: 'from autumn',
        concepts: ['september|autumn|fall.|next term|new term|school year|next school|coming term'],
      },
      { says: 'samples were liked; some halal', concepts: ['halal|sample|tasting|liked|impressed|enjoyed'] },
    ],
    summary:
      'A school caterer and prospective customer requests a quote for 4,000 vegetarian lasagnes weekly from September with early Monday delivery; its decision is on 21 June.',
  },
}

import type { Label } from '../models.ts'

/** How strongly a pattern in a mail speaks for a label. */
export const LABEL_CUES: readonly (readonly [label: Label, weight: number, pattern: RegExp])[] = [
  [
    'spam',
    3,
    /\d+% (?:less|off|under)|instead of [$€£]|\bfree (?:smart|gift|trial)|voucher|this week only|unbeatable/i,
  ],
  ['spam', 3, /reply (?:yes|stop)|\bcontacts in your|don't hear back|try you again|pre-vetted/i],
  ['spam', 4, /not a bill|no obligation|beneficiary|hand us your|verify your account/i],
  [
    'archive',
    4,
    /nothing (?:is )?left for you|not have to do anything|no action (?:is )?(?:needed|required)|please ignore/i,
  ],
  [
    'archive',
    3,
    /in this issue|leave the list|dear subscriber|left unread|nobody else has to|not read by a person/i,
  ],
  ['archive', 2, /\btook place\b|came back green|has been withdrawn|all good here|you can close/i],
  [
    'urgent',
    3,
    /right away|on to this now|immediately|at once|as soon as you can|whenever somebody has a moment/i,
  ],
  [
    'urgent',
    3,
    /\b(?:sick|injured|bleeding|light-headed|smell|smoke|passports?|tribunal|lawsuit|journalist)\b|not ours/i,
  ],
  ['urgent', 2, /(?:white|gr[ae]y|blank|black) (?:page|screen)|locked out|not loading|nothing has left/i],
  ['urgent', 2, /\b(?:today|tonight|this (?:morning|afternoon|evening)|tomorrow)\b/i],
  [
    'normal',
    3,
    /no (?:rush|hurry)|ample time|any day|nothing quicker|end of next week|suits (?:me|us)|\bnext (?:week|month)\b/i,
  ],
  ['normal', 2, /could (?:you|somebody)|would you|what could you|let me know|tell us|please send/i],
]

/** A kind of work, the words by which a team's description claims it, and the words by which a mail shows it. */
export const TOPICS: readonly (readonly [name: string, claimed: RegExp, shown: RegExp])[] = [
  ['danger', /injur|hurt|hazard/, /smell|smoke|fumes|\bsick\b|injur|bleed|emergency|evacuat|alarm|chiller/gi],
  [
    'computers',
    /computer/,
    /handset|laptop|printer|password|screen|activation|speakers?|sound|cable|log(?:ged)? in/gi,
  ],
  [
    'money',
    /invoice|payment/,
    /invoice|ledger|\bcard\b|VAT|thirty-day|the money|charged|statement of account|overdue/gi,
  ],
  [
    'people',
    /employment|recruitment|joining/,
    /\bjob\b|holiday|induction|notice|last day|crew|training|certificate|refresher/gi,
  ],
  [
    'customers',
    /would-be customers/,
    /portion|per unit|volume|samples?|tasting|\bquote\b|what could you do/gi,
  ],
  [
    'contracts',
    /contract/,
    /clause|counsel|countersign|tribunal|court|panel|agreement|board asks|signature|papers/gi,
  ],
  ['service', /being up/, /berth|cluster|nodes?|databases?|window|page|schedule/gi],
  ['products', /batches/, /\blots?\b|vials?|freezer|batch/gi],
  ['supply', /raw materials/, /order|litres|shipment|plant|resin|consignee|pallet/gi],
  ['buildings', /buildings|rooms/, /\bdoor\b|\broom\b|lift|roof|heating|parking|\bfan\b/gi],
  ['press', /press/, /I write for|on background|the page|edition|article|readers/gi],
  ['exposure', /wrong people can see/, /not ours|passports?|mobile numbers|each download/gi],
]

/** What a passage means, in words that it does not use. The first few that are found make the summary. */
export const GISTS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [
    /not a bill|no obligation|beneficiary/i,
    'is a scam that tries to get us to pay for a domain or to reveal a login',
  ],
  [/backlinks?|very top/i, 'sends an unsolicited marketing pitch for better search rankings'],
  [/pre-vetted|bench\b/i, 'sends unsolicited mail of a recruitment agency'],
  [/voucher|\d+% less/i, 'sends an unsolicited advert with a discount for a supposed order of ours'],
  [/in this issue|leave the list/i, 'is a trade newsletter that advertises an event'],
  [/smell|smoke|fumes/i, 'suspects a gas leak or another hazard on site'],
  [/\bsick\b|injured|light-headed|bleeding/i, 'says that workers are unwell'],
  [/not ours|somebody else's/i, 'receives confidential data of another customer'],
  [/tribunal|court|lawsuit/i, 'tells us of a legal claim'],
  [/I write for|on background/i, 'is a journalist who wants our comment'],
  [/(?:white|gr[ae]y|blank|black) (?:page|screen)|not loading/i, 'reports an outage of a system'],
  [/nothing has left|at a standstill/i, 'says that deliveries have stopped'],
  [/last day|resign/i, 'is resigning'],
  [/join my|new starter|induction/i, 'writes about the postponed start of a new recruit'],
  [/paperwork|whatever I have to sign/i, 'wants documents to be prepared'],
  [/clause|countersign/i, 'wants changes to a contract before signing it'],
  [/ledger|the money|overdue invoice/i, 'reminds us of an unpaid invoice and asks for a payment date'],
  [/behind plan|delayed/i, 'announces a late delivery of materials'],
  [/keep, split|let us know whether/i, 'asks us to decide about the order'],
  [/per portion|per unit|what could you do/i, 'requests a quote as a prospective customer'],
  [/have taken|has been charged/i, 'confirms payment of a subscription'],
  [/took place|came back green/i, 'confirms that planned maintenance has finished successfully'],
  [/put it back|works again/i, 'says that the problem has been fixed'],
  [/certificate|refresher/i, 'confirms completion of a training course'],
  [/has been withdrawn|left unread/i, 'cancels earlier warnings'],
]

// Wordings that several emails share. A concept lists them joined by `|`; see Fact for how they match.

/** Does not work. */
export const DOWN =
  'down.|outage|offline|unavailable|unreachable|broke|not work|stopped work|stop work|fail|crash|blank|inaccessible|unusable|' +
  'lock|dead.|out of action|out of order|out of service|can not use|can not access|can not open|can not see|unable|no access|' +
  'not load|not open|not display|not available|frozen|froze|disabled|knocked out|malfunction|trouble|problem|issue|fault|error|' +
  'glitch|bug.|defunct|gone|disrupt|interrupt|stuck|paralys|paralyz|bricked|breakdown|not respond|not function|useless|lost'

/** Is not what it claims to be. */
export const FRAUD =
  'phish|scam|fraud|fake|bogus|spoof|imperson|posing|poses|pretend|masquerad|decept|deceit|deceiv|mislead|suspicious|' +
  'not genuine|not legitimate|illegitimate|not really|not real|impostor|imposter|con.|swindl|lookalike|look alike|disguis|' +
  'trick|sham.|dodgy|malicious|counterfeit|hoax|social engineering|bec.|attack|not from|false|dubious|questionable|dishonest|' +
  'purport|supposed|spurious|criminal|cheat|attempt to steal|not authentic|inauthentic|falsif|forge|crook|unauthori|steal|' +
  'pretext|frighten|scare|outsider|illegit|unaffiliated|hijack'

/** Nobody asked for it, and it wants to sell. */
export const UNSOLICITED =
  'unsolicit|unwanted|junk|spam|cold.|advert|ad.|ads.|marketing|marketer|promot|pitch|sales|salesman|sell|solicit|mass mail|' +
  'bulk|uninvited|unrequested|tout|flog|peddl|hawk|spiel|mailshot|commercial|pushy|pushes|plug.|offering|offers|buy.|mass.|hype|' +
  'hard sell|blast|unasked'

/** Nobody has to do anything. */
export const NO_ACTION =
  'no action|not action|nothing to|nothing need|nothing require|nothing left|nothing else|nothing further|no reply|' +
  'no response|no need|not need|needs no|need no|requires no|not require|no follow|no further|no step|for information|' +
  'information only|informational|informative|fyi|for the record|for our record|for record|keep|filed|file.|filing|archive|' +
  'ignore|delete|disregard|discard|bin.|nobody need|no one need|nobody has|no one has|no help|routine|just a notification|' +
  'no intervention|no support|no longer need|purely|can be closed|no work|safely'

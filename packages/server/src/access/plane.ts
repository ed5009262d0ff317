/**
 * Who a route is for.
 *
 * `control`: orchestrators. `agent`: an agent in its own episode. `capability`: the same, admitted by the secret in
 * the path. `operator`: metrics and the like. `about`: any of those. `open`: anybody.
 */
export type Plane = 'control' | 'agent' | 'capability' | 'operator' | 'about' | 'open'

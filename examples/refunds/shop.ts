// The application: orders in a SQLite database. It knows nothing of agents.
import initSqlJs, { type Database } from 'sql.js'

const SQL = await initSqlJs()

const SCHEMA = `
  CREATE TABLE orders (id TEXT PRIMARY KEY, customer TEXT, item TEXT, cents INTEGER, delivered_days_ago INTEGER);
  CREATE TABLE refunds (order_id TEXT REFERENCES orders (id), cents INTEGER);
  INSERT INTO orders VALUES
    ('A100', 'Ines Alvarez', 'desk lamp',      4900,  4),
    ('A101', 'Ines Alvarez', 'office chair',  18900, 45),
    ('A102', 'Tom Becker',   'headphones',     7900, 12),
    ('A103', 'Tom Becker',   'phone case',     1500,  2),
    ('A104', 'Yuki Mori',    'rain jacket',    8900, 31),
    ('A105', 'Yuki Mori',    'hiking boots',  12900, 30),
    ('A106', 'Omar Haddad',  'coffee grinder', 6400,  9),
    ('A107', 'Omar Haddad',  'kettle',         3900,  9),
    ('A108', 'Lena Fischer', 'bike light',     2900, 60),
    ('A109', 'Lena Fischer', 'bike lock',      3500,  1),
    ('A110', 'Priya Nair',   'backpack',       7400, 18),
    ('A111', 'Priya Nair',   'water bottle',   1900, 18);
`

/** An order, as the shop shows it. */
export interface Order {
  readonly id: string
  readonly item: string
  readonly cents: number
  readonly deliveredDaysAgo: number
}

/** A refund that was made. */
export interface Refund {
  readonly order: string
  readonly cents: number
}

/** One shop with its database. */
export class Shop {
  readonly #db: Database

  constructor(image?: Uint8Array) {
    this.#db = new SQL.Database(image)
    if (image === undefined) this.#db.run(SCHEMA)
  }

  ordersOf(customer: string): readonly Order[] {
    return this.#rows(
      'SELECT id, item, cents, delivered_days_ago FROM orders WHERE customer = ? ORDER BY id',
      [customer],
    ).map(([id, item, cents, days]) => ({
      id: String(id),
      item: String(item),
      cents: Number(cents),
      deliveredDaysAgo: Number(days),
    }))
  }

  /** Pays back a part of an order, or all of it. */
  refund(order: string, cents: number): Refund {
    const [row] = this.#rows(
      'SELECT cents - (SELECT ifnull(sum(cents), 0) FROM refunds WHERE order_id = id) FROM orders WHERE id = ?',
      [order],
    )
    if (row === undefined) throw new Error(`There is no order ${order}.`)
    if (cents > Number(row[0])) throw new Error(`Only ${String(row[0])} cents of ${order} can be refunded.`)
    this.#db.run('INSERT INTO refunds VALUES (?, ?)', [order, cents])
    return { order, cents }
  }

  refunds(): readonly Refund[] {
    return this.#rows('SELECT order_id, cents FROM refunds ORDER BY order_id, cents', []).map(
      ([order, cents]) => ({ order: String(order), cents: Number(cents) }),
    )
  }

  copy(): Shop {
    return new Shop(this.#db.export())
  }

  close(): void {
    this.#db.close()
  }

  #rows(sql: string, values: string[]): readonly (readonly unknown[])[] {
    return this.#db.exec(sql, values)[0]?.values ?? []
  }
}

#pragma once

namespace stockroom::store_postgres {

// The longer statements of PostgresQueries. A page of them examines at most 20,000 rows: a filter
// without an index gives, when it has passed over so many, a last row with only the first column,
// the key to go on from. PostgreSQL reads of `examined` only what the page takes from it, and keeps
// its order.

/// $1 SKU, of one that is not retired: as read_item_view.
[[nodiscard]] const char* item_sql();

// $1 after this SKU, $2 only what is low in stock, $3 rows at most: as item_sql, by SKU.
[[nodiscard]] const char* items_sql();
[[nodiscard]] const char* items_by_label_sql();   // $4 label
[[nodiscard]] const char* items_by_prefix_sql();  // $4 label, or empty: any; $5 prefix

/// $1 SKU, $2 rows at most: as read_hold_view, with the lines of this SKU, oldest first.
[[nodiscard]] const char* open_holds_sql();

/// $1 id: as read_order_view.
[[nodiscard]] const char* order_sql();
// $1 before this number, $2 state, or empty: any, $3 created then or later, $4 rows at most: as
// order_sql, newest first.
[[nodiscard]] const char* orders_sql();
[[nodiscard]] const char* orders_by_customer_sql();  // $5 customer

/// $1 from this minute on, or null: from the first; $2 before this minute, or null: to the last; $3
/// microseconds back from now, or null, instead of $1: the first minute, then the totals up to the
/// end and up to the start, as read_order_totals.
[[nodiscard]] const char* order_statistics_sql();

/// $1 rows at most: of orders whose holds are due, id and expiry.
[[nodiscard]] const char* due_orders_sql();

}  // namespace stockroom::store_postgres

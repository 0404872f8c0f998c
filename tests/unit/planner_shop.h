/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up shop for the planner's tests: orders (with customers and products to join), and a few
 * columns of every awkward kind. Static data; each test program has its own copy.
 */
#ifndef QUERENT_TESTS_PLANNER_SHOP_H
#define QUERENT_TESTS_PLANNER_SHOP_H

#include <string.h>

#include "metadata/dataset.h"

#define LIST(...)                                                             \
    {                                                                         \
        .items = (const char *[]){__VA_ARGS__},                               \
        .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *) \
    }
#define VALUES(...)                                                                               \
    .values = (struct stored_value[]){__VA_ARGS__},                                               \
    .value_count = sizeof((struct stored_value[]){__VA_ARGS__}) / sizeof(struct stored_value),    \
    .distinct_count = sizeof((struct stored_value[]){__VA_ARGS__}) / sizeof(struct stored_value), \
    .values_complete = true, .known = true, .row_count = 5000

static struct column shop_order_columns[] = {
    {.name = "order_id", .kind = VALUE_INTEGER, .role = ROLE_KEY, .unique = true},
    {.name = "order_date",
     .kind = VALUE_DATE,
     .role = ROLE_TIME,
     .profile = {.known = true, .row_count = 5000, .min = "2024-01-02", .max = "2026-11-20"}},
    {.name = "shipped_at", .kind = VALUE_TIMESTAMP},
    {.name = "customer_id", .kind = VALUE_INTEGER, .role = ROLE_KEY},
    {.name = "product_id", .kind = VALUE_INTEGER, .role = ROLE_KEY},
    {.name = "region",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .synonyms = LIST("area", "territory"),
     .profile = {VALUES({"North", 2000}, {"South", 1500}, {"East", 900}, {"West", 600})}},
    {.name = "channel",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {VALUES({"Web", 3000}, {"Store", 1500}, {"Phone", 500})}},
    {.name = "status",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {VALUES({"delivered", 4000}, {"returned", 500}, {"open", 500})}},
    {.name = "quantity", .kind = VALUE_INTEGER, .role = ROLE_MEASURE, .synonyms = LIST("units")},
    {.name = "revenue",
     .kind = VALUE_DECIMAL,
     .role = ROLE_MEASURE,
     .unit = "EUR",
     .synonyms = LIST("sales", "turnover")},
    {.name = "discount",
     .kind = VALUE_FLOAT,
     .role = ROLE_MEASURE,
     .unit = "%",
     .default_aggregation = "avg"},
    {.name = "cost", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE, .unit = "EUR"},
    {.name = "gift", .kind = VALUE_BOOLEAN, .role = ROLE_DIMENSION},
};
static struct metric shop_metrics[] = {
    {.name = "profit",
     .expression = "sum(revenue - cost)",
     .unit = "EUR",
     .synonyms = LIST("earnings")},
    {.name = "average order value",
     .expression = "sum(revenue) / count(*)",
     .unit = "EUR",
     .synonyms = LIST("aov", "basket size")},
};
static struct named_filter shop_filters[] = {
    {.name = "returns", .expression = "status = 'returned'", .synonyms = LIST("returned orders")},
    {.name = "online", .expression = "channel = 'Web' OR channel = 'Phone'"},
};
static struct relationship shop_relationships[] = {
    {.name = "customer",
     .column = "customer_id",
     .dataset_id = "customers",
     .other_column = "customer_id",
     .kind = RELATIONSHIP_MANY_TO_ONE},
    {.name = "product",
     .column = "product_id",
     .dataset_id = "products",
     .other_column = "product_id",
     .kind = RELATIONSHIP_MANY_TO_ONE},
};
static struct dataset shop_orders = {
    .id = "orders",
    .table_name = "orders",
    .title = "Orders",
    .description = "Orders of the shop, one row per order",
    .grain = "one order",
    .columns = shop_order_columns,
    .column_count = sizeof(shop_order_columns) / sizeof(shop_order_columns[0]),
    .metrics = shop_metrics,
    .metric_count = 2,
    .filters = shop_filters,
    .filter_count = 2,
    .relationships = shop_relationships,
    .relationship_count = 2,
    .row_count = 5000,
};

static struct column shop_customer_columns[] = {
    {.name = "customer_id", .kind = VALUE_INTEGER, .role = ROLE_KEY, .unique = true},
    {.name = "name",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .unique = true,
     .profile = {VALUES({"Ana Sousa", 1}, {"Bo Lind", 1})}},
    {.name = "country",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {VALUES({"Portugal", 40}, {"Sweden", 30}, {"Spain", 20})}},
    {.name = "segment",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {VALUES({"Business", 40}, {"Private", 30})}},
    {.name = "birth_year", .kind = VALUE_INTEGER},
    {.name = "joined", .kind = VALUE_TEXT, .role = ROLE_TIME},
};
static struct dataset shop_customers = {
    .id = "customers",
    .table_name = "customers",
    .title = "Customers",
    .grain = "one customer",
    .columns = shop_customer_columns,
    .column_count = sizeof(shop_customer_columns) / sizeof(shop_customer_columns[0]),
    .row_count = 90,
};

static struct column shop_product_columns[] = {
    {.name = "product_id", .kind = VALUE_INTEGER, .role = ROLE_KEY, .unique = true},
    {.name = "product_name",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .unique = true,
     .profile = {VALUES({"Lamp", 1}, {"Desk", 1}, {"Chair", 1})}},
    {.name = "category",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {VALUES({"Furniture", 40}, {"Lighting", 30})}},
    {.name = "price", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE, .unit = "EUR"},
};
static struct dataset shop_products = {
    .id = "products",
    .table_name = "products",
    .title = "Products",
    .grain = "one product",
    .columns = shop_product_columns,
    .column_count = sizeof(shop_product_columns) / sizeof(shop_product_columns[0]),
    .row_count = 40,
};

static inline const struct dataset *shop_dataset(const char *id)
{
    const struct dataset *all[] = {&shop_orders, &shop_customers, &shop_products};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i]->id, id) == 0)
            return all[i];
    return NULL;
}

#endif

-- SPDX-License-Identifier: Apache-2.0
-- A made-up shop, made by DuckDB itself: three tables that join, two years up to :today, so that "last month" and
-- "year to date" always have rows. md5 keeps every figure the same on every machine and version for the same :today.
CREATE MACRO u(a, b) AS (md5_number_lower(concat(a, ':', b)) % 1000000) / 1000000.0;          -- 0 <= u < 1
CREATE MACRO pick(l, x) AS l[1 + CAST(floor(x * len(l)) AS INTEGER)];
CREATE TABLE shop_customers AS
SELECT i AS customer_id,
       concat(pick(['Anna','Ben','Chloe','David','Elena','Farid','Grace','Hugo','Ines','Jonas','Kira','Liam','Maya','Noah','Olga','Pablo'], u(i,'f')), ' ',
              pick(['Adams','Brown','Costa','Diaz','Evans','Fischer','Garcia','Hansen','Ito','Jensen','Kim','Lopez','Meyer','Novak','Olsen','Patel'], u(i,'l'))) AS customer_name,
       pick(['Consumer','Consumer','Consumer','Small Business','Small Business','Enterprise'], u(i,'s')) AS segment,
       pick(['North','South','East','West','West','East'], u(i,'r')) AS region,
       pick(['Germany','France','Spain','United Kingdom','Netherlands','Poland'], u(i,'c')) AS country,
       CAST(':today' AS DATE) - CAST(100 + floor(u(i,'j') * 1400) AS INTEGER) AS joined_on
FROM range(1, 801) t(i);
CREATE TABLE shop_products AS
SELECT row_number() OVER () AS product_id, category, product_name, price AS list_price, round(price * (0.45 + 0.25 * u(product_name,'m')), 2) AS unit_cost
FROM (VALUES ('Furniture','Oak Desk',349.0),('Furniture','Office Chair',189.0),('Furniture','Bookcase',129.0),('Furniture','Filing Cabinet',99.0),
      ('Furniture','Standing Desk',529.0),('Technology','Laptop 14',1099.0),('Technology','Laptop 16',1499.0),('Technology','Monitor 27',289.0),
      ('Technology','Headset',79.0),('Technology','Docking Station',169.0),('Technology','Wireless Mouse',35.0),('Technology','Webcam',69.0),
      ('Office Supplies','Copy Paper',5.5),('Office Supplies','Ballpoint Pens',7.9),('Office Supplies','Binder',3.2),('Office Supplies','Label Roll',11.5),
      ('Office Supplies','Stapler',12.0),('Office Supplies','Envelopes',9.4),('Kitchen','Coffee Machine',399.0),('Kitchen','Coffee Beans',14.9),
      ('Kitchen','Mug Set',24.0),('Kitchen','Water Filter',39.0)) v(category, product_name, price);
CREATE TABLE shop_orders AS
WITH days AS (SELECT d, d - (CAST(':today' AS DATE) - 730) AS n FROM (SELECT CAST(unnest(generate_series(CAST(':today' AS DATE) - 730, CAST(':today' AS DATE) - 1, INTERVAL 1 DAY)) AS DATE) AS d)),
     lines AS (SELECT d, n, unnest(range(CAST(12 + 10.0 * n / 730 + 6 * sin(2 * pi() * (dayofyear(d) - 60) / 365)
               + CASE WHEN month(d) IN (11, 12) THEN 9 ELSE 0 END - CASE WHEN isodow(d) >= 6 THEN 8 ELSE 0 END + 6 * u(d,'n') AS INTEGER))) AS k FROM days),
     x AS (SELECT *, row_number() OVER (ORDER BY d, k) + 10000 AS order_id, concat(d, k) AS z FROM lines)
SELECT order_id, d AS order_date, CAST(1 + floor(pow(u(z,'c'), 1.6) * 800) AS INTEGER) AS customer_id, p.product_id,
       CAST(1 + floor(pow(u(z,'q'), 3) * 9) AS INTEGER) AS quantity,
       pick([0.0, 0.0, 0.0, 0.05, 0.1, 0.2], u(z,'d')) AS discount,
       round(p.list_price * quantity * (1 - discount), 2) AS revenue, round(revenue - p.unit_cost * quantity, 2) AS profit,
       CASE WHEN d > CAST(':today' AS DATE) - 4 AND u(z,'s') < .7 THEN 'Open' WHEN u(z,'s') > .96 THEN 'Returned' WHEN u(z,'s') > .93 THEN 'Cancelled' ELSE 'Delivered' END AS status,
       pick(['Web','Web','Web','Store','Phone','Partner'], u(z,'h')) AS channel
FROM x JOIN shop_products p ON p.product_id = 1 + CAST(floor(u(z,'p') * 22) AS INTEGER)
ORDER BY order_id;
COPY shop_orders TO ':target/shop_orders.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY shop_customers TO ':target/shop_customers.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY shop_products TO ':target/shop_products.parquet' (FORMAT parquet, COMPRESSION zstd);

# Legitimate analytic statements that the firewall must let through, each with its kind. All of them are
# valid over tests/hostile/schema.txt. The form is explained in tests/unit/sql_corpus.h.

# totals and counts
SELECT count(*) FROM orders

# totals and counts
SELECT COUNT(*) AS orders_count FROM orders WHERE status = 'shipped'

# totals and counts
SELECT count(DISTINCT customer_id) FROM orders

# totals and counts
SELECT sum(quantity * unit_price) AS revenue FROM order_lines

# totals and counts
SELECT avg(price), min(price), max(price), median(price) FROM products

# totals and counts
SELECT sum(quantity), sum(DISTINCT quantity) FROM order_lines;

# totals and counts
SELECT count(*) FILTER (WHERE newsletter) AS subscribers, count(*) AS everybody FROM customers

# totals and counts
SELECT 100.0 * count(*) FILTER (WHERE discontinued) / nullif(count(*), 0) AS share FROM products

# totals and counts
SELECT stddev(price), stddev_pop(price), variance(price), var_pop(price) FROM products

# totals and counts
SELECT quantile_cont(salary, 0.9), approx_quantile(salary, 0.5), mode(office) FROM staff

# totals and counts
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM staff

# totals and counts
SELECT corr(price, weight_kg), regr_slope(price, weight_kg) FROM products

# totals and counts
SELECT bool_or(discontinued), bool_and(discontinued), any_value(name) FROM products

# totals and counts
SELECT approx_count_distinct(customer_id) FROM events

# totals and counts
SELECT arg_max(name, price), arg_min(name, price), max_by(name, cost) FROM products

# totals and counts
SELECT count_if(price > 10), first(name), last(name) FROM products

# what the built-in planner prints
SELECT "country", count(*) FROM "customers" GROUP BY "country" ORDER BY count(*) DESC LIMIT 10

# what the built-in planner prints
SELECT sum("quantity") FILTER (WHERE ("unit_price" >= 10)) FROM "order_lines"

# what the built-in planner prints
SELECT CAST(date_trunc('month', "order_date") AS DATE) AS "month", count(*) AS "orders" FROM "orders" GROUP BY 1 ORDER BY 1

# what the built-in planner prints
SELECT CAST(date_trunc('week', CAST("order_date" AS DATE) - INTERVAL '6' DAY) + INTERVAL '6' DAY AS DATE) AS "week", count(*) FROM "orders" GROUP BY 1

# what the built-in planner prints
SELECT CAST(date_trunc('quarter', CAST("order_date" AS DATE) - INTERVAL '1' MONTH) + INTERVAL '1' MONTH AS DATE), count(*) FROM "orders" GROUP BY 1

# what the built-in planner prints
SELECT extract(year FROM "order_date") AS "year", count(*) FROM "orders" GROUP BY 1 ORDER BY 1

# what the built-in planner prints
SELECT "customers"."name", sum("order_lines"."quantity") FROM "orders" INNER JOIN "customers" ON "orders"."customer_id" = "customers"."customer_id" LEFT JOIN "order_lines" ON "orders"."order_id" = "order_lines"."order_id" GROUP BY "customers"."name"

# what the built-in planner prints
SELECT * FROM "orders" WHERE "order_date" >= DATE '2024-01-01' AND "order_date" < DATE '2024-02-01'

# what the built-in planner prints
SELECT "Ship Mode", 100.0 * count(*) / sum(count(*)) OVER () AS "share" FROM "orders" GROUP BY "Ship Mode"

# what the built-in planner prints
SELECT "name" FROM "products" WHERE "price" = (SELECT max("price") FROM "products")

# what the built-in planner prints
SELECT "name" FROM "products" WHERE "name" LIKE '100\% %' ESCAPE '\'

# what the built-in planner prints
SELECT TRY_CAST("payload" AS DOUBLE) FROM "events"

# what the built-in planner prints
SELECT "city" FROM "customers" INTERSECT SELECT "office" FROM "staff"

# what the built-in planner prints
SELECT "city" FROM "customers" EXCEPT SELECT "office" FROM "staff"

# what the built-in planner prints
SELECT DISTINCT "category" FROM "products" WHERE "category" IS NOT NULL ORDER BY "category" NULLS LAST

# what the built-in planner prints
SELECT "price" / nullif("cost", 0) FROM "products"

# what the built-in planner prints
SELECT "name" FROM "products" WHERE NOT ("price" BETWEEN 5 AND 10)

# what the built-in planner prints
SELECT "Month", sum("Target €") FROM "Monthly Targets" GROUP BY "Month"

# what the built-in planner prints
SELECT "user", count(*) FROM "events" GROUP BY "user"

# filters
SELECT name FROM customers WHERE country IN ('PT', 'ES') AND segment <> 'Small'

# filters
SELECT name FROM customers WHERE country NOT IN ('PT', 'ES') OR country IS NULL

# filters
SELECT name FROM customers WHERE lower(name) LIKE '%ana%'

# filters
SELECT name FROM customers WHERE name ILIKE 'ana%' AND NOT newsletter

# filters
SELECT name FROM customers WHERE name NOT LIKE 'A%' AND name NOT ILIKE 'b%'

# filters
SELECT name FROM customers WHERE name SIMILAR TO 'A(na|lex)%'

# filters
SELECT name FROM customers WHERE name GLOB 'A*'

# filters
SELECT name FROM products WHERE price BETWEEN 10 AND 20 AND NOT discontinued

# filters
SELECT name FROM products WHERE price NOT BETWEEN 10 AND 20

# filters
SELECT name FROM customers WHERE birth_year != 1980 AND birth_year == 1981

# filters
SELECT name FROM customers WHERE email IS NULL OR newsletter IS TRUE OR newsletter IS NOT FALSE

# filters
SELECT name FROM customers WHERE city IS DISTINCT FROM country AND city IS NOT DISTINCT FROM 'Porto'

# filters
SELECT name FROM customers WHERE (country, city) IN (('PT', 'Porto'), ('ES', 'Vigo'))

# filters
SELECT name FROM customers WHERE name = 'O''Brien'

# filters
SELECT name FROM customers WHERE name = 'it''s; DROP TABLE -- /* not code */ "x"'

# filters
SELECT name FROM customers WHERE name = '‘curly’ and ｆｕｌｌ width'

# filters
SELECT name FROM customers WHERE city IN ('Café', 'Zürich', '東京', 'München')

# filters
SELECT name FROM customers WHERE starts_with(name, 'A') AND ends_with(email, '.pt') AND contains(name, 'x')

# filters
SELECT name FROM customers WHERE regexp_matches(name, '^A.*z$')

# filters
SELECT name FROM customers WHERE customer_id = ANY (SELECT customer_id FROM orders)

# filters
SELECT name FROM customers WHERE customer_id <> ALL (SELECT customer_id FROM orders WHERE status = 'open')

# filters
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id)

# filters
SELECT name FROM customers c WHERE NOT EXISTS (SELECT * FROM orders o WHERE o.customer_id = c.customer_id)

# filters
SELECT name FROM products WHERE price > (SELECT avg(price) FROM products)

# filters
SELECT name FROM products p WHERE price > (SELECT avg(q.price) FROM products q WHERE q.category = p.category)

# filters
SELECT name FROM customers WHERE name COLLATE NOCASE = 'ana'

# filters
SELECT name FROM customers WHERE isfinite(birth_year::double) AND newsletter NOTNULL

# groups
SELECT country, city, count(*) FROM customers GROUP BY country, city HAVING count(*) > 5

# groups
SELECT country, count(*) AS n FROM customers GROUP BY ALL ORDER BY ALL

# groups
SELECT country, segment, count(*) FROM customers GROUP BY ROLLUP (country, segment)

# groups
SELECT country, segment, count(*) FROM customers GROUP BY CUBE (country, segment)

# groups
SELECT country, segment, grouping(country), count(*) FROM customers GROUP BY GROUPING SETS ((country, segment), (country), ())

# groups
SELECT category, sum(price) FROM products GROUP BY 1 ORDER BY 2 DESC LIMIT 3

# groups
SELECT category, sum(price) AS total FROM products GROUP BY category HAVING sum(price) > 100 ORDER BY total DESC

# groups
SELECT year(order_date) AS y, month(order_date) AS m, count(*) FROM orders GROUP BY y, m ORDER BY y, m

# groups
SELECT CASE WHEN price < 10 THEN 'cheap' WHEN price < 100 THEN 'fair' ELSE 'dear' END AS band, count(*) FROM products GROUP BY band

# groups
SELECT office, string_agg(full_name, ', ' ORDER BY full_name) FROM staff GROUP BY office

# groups
SELECT office, listagg(full_name, '; ') FROM staff GROUP BY office

# groups
SELECT count(*), kind FROM events GROUP BY kind, () HAVING count(*) > 1

# groups
SELECT floor(price / 10) * 10 AS bucket, count(*) FROM products GROUP BY bucket ORDER BY bucket

# groups
SELECT country, sum(CASE WHEN newsletter THEN 1 ELSE 0 END) AS yes, sum(CASE newsletter WHEN true THEN 0 ELSE 1 END) AS no FROM customers GROUP BY country

# joins
SELECT c.name, o.order_id FROM customers c JOIN orders o ON o.customer_id = c.customer_id

# joins
SELECT c.name, o.order_id FROM customers AS c INNER JOIN orders AS o USING (customer_id)

# joins
SELECT c.name, count(o.order_id) FROM customers c LEFT OUTER JOIN orders o ON c.customer_id = o.customer_id GROUP BY c.name

# joins
SELECT c.name FROM orders o RIGHT JOIN customers c ON c.customer_id = o.customer_id WHERE o.order_id IS NULL

# joins
SELECT * FROM customers FULL OUTER JOIN orders USING (customer_id)

# joins
SELECT a.name, b.name FROM products a CROSS JOIN products b WHERE a.product_id < b.product_id LIMIT 10

# joins
SELECT c.name FROM customers c, orders o WHERE c.customer_id = o.customer_id

# joins
SELECT name FROM customers NATURAL JOIN orders

# joins
SELECT c.name FROM customers c SEMI JOIN orders o ON c.customer_id = o.customer_id

# joins
SELECT c.name FROM customers c ANTI JOIN orders o ON c.customer_id = o.customer_id

# joins
SELECT e.event_id, o.order_id FROM events e ASOF JOIN orders o ON e.customer_id = o.customer_id AND e.occurred_at >= o.shipped_at

# joins
SELECT s.full_name, m.full_name AS manager FROM staff s LEFT JOIN staff m ON s.manager_id = m.staff_id

# joins
SELECT p.category, sum(l.quantity * l.unit_price) AS revenue FROM order_lines l JOIN products p ON p.product_id = l.product_id JOIN orders o ON o.order_id = l.order_id JOIN customers c ON c.customer_id = o.customer_id WHERE c.country = 'PT' GROUP BY p.category ORDER BY revenue DESC

# joins
SELECT * FROM (orders o JOIN order_lines l USING (order_id)) JOIN products p USING (product_id)

# joins
SELECT * FROM ((customers c JOIN orders o USING (customer_id)) JOIN staff s USING (staff_id))

# joins
SELECT c.name, t.n FROM customers c JOIN (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) t ON t.customer_id = c.customer_id

# joins
SELECT c.name, last_order.d FROM customers c, LATERAL (SELECT max(order_date) AS d FROM orders o WHERE o.customer_id = c.customer_id) AS last_order

# joins
SELECT o.order_id, v.label FROM orders o JOIN (VALUES ('open', 'Open'), ('shipped', 'Sent')) AS v(status, label) ON v.status = o.status

# dates and times
SELECT date_trunc('month', order_date) AS month, count(*) FROM orders GROUP BY month

# dates and times
SELECT strftime(order_date, '%Y-%m') AS month, count(*) FROM orders GROUP BY month

# dates and times
SELECT * FROM orders WHERE order_date >= current_date - INTERVAL 30 DAY

# dates and times
SELECT * FROM orders WHERE order_date >= CURRENT_DATE - INTERVAL '3 months'

# dates and times
SELECT * FROM orders WHERE order_date BETWEEN date '2024-01-01' AND date '2024-12-31'

# dates and times
SELECT * FROM orders WHERE shipped_at > TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '1' DAY

# dates and times
SELECT extract(dow FROM order_date), extract('hour' FROM shipped_at), date_part('week', order_date) FROM orders

# dates and times
SELECT date_diff('day', order_date, CAST(shipped_at AS DATE)) AS days FROM orders

# dates and times
SELECT datediff('day', order_date, shipped_at::date), age(shipped_at) FROM orders

# dates and times
SELECT dayname(order_date), monthname(order_date), quarter(order_date), dayofweek(order_date) FROM orders

# dates and times
SELECT last_day(order_date), make_date(2024, 1, 31), to_days(3) FROM orders

# dates and times
SELECT occurred_at AT TIME ZONE 'Europe/Lisbon' FROM events

# dates and times
SELECT epoch(occurred_at), epoch_ms(occurred_at) FROM events

# dates and times
SELECT strptime('2024-01-31', '%Y-%m-%d'), try_strptime('x', '%Y') FROM orders LIMIT 1

# dates and times
SELECT time_bucket(INTERVAL '15 minutes', occurred_at) AS slot, count(*) FROM events GROUP BY slot

# dates and times
SELECT hired + INTERVAL (staff_id) YEAR FROM staff

# dates and times
SELECT now() - occurred_at, current_timestamp, today() FROM events

# dates and times
SELECT date '2024-01-31' - order_date, order_date + 7 FROM orders

# dates and times
SELECT year(current_date) - birth_year AS age FROM customers

# dates and times
SELECT CAST('2024-01-01' AS DATE), '2024-01-01'::DATE, '10:00'::TIME, TIME '10:00:00'

# dates and times
SELECT timestamptz '2024-01-01 00:00:00+00', interval '1 year 2 months'

# windows
SELECT full_name, rank() OVER (PARTITION BY office ORDER BY salary DESC) AS r FROM staff

# windows
SELECT full_name, dense_rank() OVER (ORDER BY salary), percent_rank() OVER (ORDER BY salary), cume_dist() OVER (ORDER BY salary), ntile(4) OVER (ORDER BY salary) FROM staff

# windows
SELECT * FROM (SELECT full_name, row_number() OVER (PARTITION BY office ORDER BY hired) AS n FROM staff) WHERE n = 1

# windows
SELECT full_name FROM staff QUALIFY row_number() OVER (PARTITION BY office ORDER BY salary DESC) <= 3

# windows
SELECT order_date, sum(count(*)) OVER (ORDER BY order_date) AS running FROM orders GROUP BY order_date

# windows
SELECT order_date, avg(count(*)) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM orders GROUP BY order_date

# windows
SELECT salary, lag(salary) OVER w AS before, lead(salary, 1, 0) OVER w AS after FROM staff WINDOW w AS (PARTITION BY office ORDER BY hired)

# windows
SELECT salary - first_value(salary) OVER (ORDER BY hired ROWS UNBOUNDED PRECEDING) FROM staff

# windows
SELECT last_value(salary IGNORE NULLS) OVER (ORDER BY hired ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM staff

# windows
SELECT sum(salary) OVER (ORDER BY hired RANGE BETWEEN INTERVAL 1 YEAR PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM staff

# windows
SELECT nth_value(full_name, 2) OVER (ORDER BY salary DESC), max(salary) OVER () FROM staff

# windows
SELECT count(*) FILTER (WHERE salary > 10) OVER (PARTITION BY office) FROM staff

# windows
SELECT sum(salary) OVER (w ORDER BY hired GROUPS 1 PRECEDING) FROM staff WINDOW w AS (PARTITION BY office)

# windows
SELECT month, revenue, revenue - lag(revenue) OVER (ORDER BY month) AS change FROM (SELECT date_trunc('month', o.order_date) AS month, sum(l.quantity * l.unit_price) AS revenue FROM orders o JOIN order_lines l USING (order_id) GROUP BY 1) AS m ORDER BY month

# WITH
WITH big AS (SELECT * FROM orders WHERE discount > 0) SELECT count(*) FROM big

# WITH
WITH a AS (SELECT country, count(*) AS n FROM customers GROUP BY country), b AS (SELECT max(n) AS top FROM a) SELECT a.country FROM a, b WHERE a.n = b.top

# WITH
WITH m(month, revenue) AS (SELECT date_trunc('month', order_date), count(*) FROM orders GROUP BY 1) SELECT * FROM m ORDER BY revenue DESC LIMIT 1

# WITH
WITH x AS MATERIALIZED (SELECT 1 AS one), y AS NOT MATERIALIZED (SELECT 2 AS two) SELECT * FROM x, y

# WITH
WITH staff AS (SELECT * FROM staff WHERE office = 'Porto') SELECT avg(salary) FROM staff

# WITH
WITH t AS (WITH u AS (SELECT price FROM products) SELECT max(price) AS p FROM u) SELECT p FROM t

# WITH
SELECT * FROM (WITH t AS (SELECT city FROM customers) SELECT city, count(*) FROM t GROUP BY city) AS s

# WITH
WITH "Top Customers" AS (SELECT customer_id FROM orders GROUP BY customer_id ORDER BY count(*) DESC LIMIT 10) SELECT name FROM customers WHERE customer_id IN (SELECT customer_id FROM "Top Customers")

# WITH
WITH monthly AS (SELECT date_trunc('month', order_date) AS month, sum(quantity * unit_price) AS revenue FROM orders JOIN order_lines USING (order_id) GROUP BY 1), ranked AS (SELECT *, rank() OVER (ORDER BY revenue DESC) AS r FROM monthly) SELECT * FROM ranked WHERE r <= 3 ORDER BY r

# WITH
WITH temperature AS (SELECT 1 AS c), main_list AS (SELECT 2 AS d) SELECT c + d FROM temperature, main_list

# set operations
SELECT city FROM customers UNION SELECT office FROM staff

# set operations
SELECT city FROM customers UNION ALL SELECT office FROM staff ORDER BY 1 LIMIT 5 OFFSET 2

# set operations
(SELECT name, price FROM products ORDER BY price DESC LIMIT 1) UNION ALL (SELECT name, price FROM products ORDER BY price LIMIT 1)

# set operations
SELECT city FROM customers EXCEPT ALL SELECT office FROM staff

# set operations
((SELECT city FROM customers) INTERSECT (SELECT office FROM staff)) ORDER BY 1

# set operations
SELECT * FROM ((SELECT city FROM customers) UNION DISTINCT (SELECT office FROM staff)) AS cities

# set operations
SELECT name FROM customers WHERE city IN ((SELECT office FROM staff) EXCEPT (SELECT 'Porto'))

# limits and order
SELECT name FROM products ORDER BY price DESC NULLS LAST, name ASC LIMIT 10

# limits and order
SELECT name FROM products ORDER BY price OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY

# limits and order
SELECT name FROM products ORDER BY lower(name), price * 2 NULLS FIRST FETCH FIRST 1 ROW ONLY

# limits and order
SELECT * FROM customers LIMIT 5

# limits and order
SELECT c.* FROM customers c LIMIT 0

# limits and order
SELECT * EXCLUDE (email, birth_year) FROM customers

# limits and order
SELECT c.* EXCLUDE email, 1 AS one FROM customers c

# limits and order
SELECT DISTINCT ON (country) country, name FROM customers ORDER BY country, signup_date DESC

# limits and order
SELECT ALL country FROM customers

# limits and order
SELECT DISTINCT country, city FROM customers ORDER BY 1, 2

# expressions
SELECT 1

# expressions
SELECT 1 + 2 * 3 - 4 / 5 % 6 // 7, -1, +2, - (3), 2 ** 3, 2 ^ 3, .5, 1., 1.5e3, 1E-2

# expressions
SELECT round(price * 1.23, 2), ceil(price), floor(price), abs(price - cost), sqrt(price), power(price, 2), ln(price), mod(product_id, 7), greatest(price, cost), least(price, cost) FROM products

# expressions
SELECT upper(name) || ' (' || coalesce(city, '?') || ')' AS label FROM customers

# expressions
SELECT substring(name FROM 1 FOR 3), substr(name, 2), substring(name, 1, 2), left(name, 1), right(name, 2), trim(name), trim(BOTH ' ' FROM name), trim(leading FROM name), ltrim(name), position('a' IN name), strpos(name, 'a'), length(name), reverse(name) FROM customers

# expressions
SELECT replace(name, ' ', '_'), regexp_replace(name, '[0-9]+', ''), regexp_extract(name, '[a-z]+'), split_part(email, '@', 2), concat(name, ' ', city), concat_ws(', ', city, country), strip_accents(lower(name)) FROM customers

# expressions
SELECT lpad(CAST(month(order_date) AS VARCHAR), 2, '0'), rpad(status, 100, ' ') FROM orders

# expressions
SELECT CAST(price AS INTEGER), price::DOUBLE PRECISION, CAST(price AS DECIMAL(12, 4)), name::VARCHAR(20), CAST(price AS text), TRY_CAST(name AS BIGINT), CAST(shipped_at AS TIMESTAMP WITH TIME ZONE) FROM products, orders

# expressions
SELECT coalesce(nullif(trim(city), ''), 'unknown'), ifnull(city, '-'), if(newsletter, 1, 0) FROM customers

# expressions
SELECT CASE country WHEN 'PT' THEN 'Portugal' WHEN 'ES' THEN 'Spain' END FROM customers

# expressions
SELECT CASE WHEN newsletter IS NULL THEN NULL WHEN newsletter THEN true ELSE false END FROM customers

# expressions
SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM customers) AS customers

# expressions
SELECT ((SELECT max(price) FROM products) - (SELECT min(price) FROM products)) AS spread

# expressions
SELECT NOT newsletter, NOT (birth_year > 1990 AND country = 'PT' OR city = 'Vigo') FROM customers

# expressions
SELECT json_extract_string(payload, '$.campaign') AS campaign, count(*) FROM events GROUP BY campaign

# expressions
SELECT typeof(price), price IS NULL, price ISNULL FROM products

# expressions
SELECT name AS "Customer's name", city AS "select", country AS order FROM customers

# expressions
SELECT customers.name, "customers"."city" FROM customers

# expressions
SELECT  name
	,city
FROM	customers
WHERE	city = 'Porto' ;

# expressions
select Name, CITY from Customers where Country='PT'and Segment='Large'

# expressions
SELECT sum(straße) FROM (SELECT quantity AS straße FROM order_lines)

# expressions
SELECT "Umsatz größer" FROM (SELECT sum(quantity) AS "Umsatz größer" FROM order_lines)

# expressions
SELECT año, 数量 FROM (SELECT year(order_date) AS año, order_id AS 数量 FROM orders)

# expressions
SELECT date, value, type, level, month, name FROM (SELECT order_date AS date, discount AS value, status AS type, order_id AS level, month(order_date) AS month, channel AS name FROM orders) t

# expressions
SELECT grade FROM (SELECT rating AS grade FROM staff) AS marks(grade) WHERE grade >= 4.5

# expressions
SELECT avg(rating) - 1 AS "rating - 1", count(*) AS "#" FROM staff

# expressions
SELECT pi(), sin(0.5), degrees(1), log10(100), exp(1), sign(-3), trunc(1.5), gcd(6, 4)

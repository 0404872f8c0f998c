/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the firewall refuses, one row each (an X-macro table: define REFUSAL, include, undefine).
 * REFUSAL(symbol, code for clients, what the token is, what is said of it)
 * The sentence becomes: WHAT 'token' at line L, column C SAID. Codes are part of the API: they are
 * never changed, only added.
 */
/* text and tokens */
REFUSAL(EMPTY, "empty", "the statement", "is empty; one SELECT is expected")
REFUSAL(TOO_LONG, "too_long", "the statement", "is longer than 16 KB")
REFUSAL(TOO_MANY_TOKENS, "too_many_tokens", "the statement", "has too many words")
REFUSAL(NOT_UTF8, "not_utf8", "text", "is not valid UTF-8")
REFUSAL(CONTROL_CHARACTER, "control_character", "text", "holds a control character")
REFUSAL(LOOK_ALIKE, "look_alike", "character",
        "is not allowed outside of strings; it looks like or hides another one")
REFUSAL(COMMENT, "comment_not_allowed", "comment", "is not allowed; leave comments out")
REFUSAL(STRING_OPEN, "string_not_closed", "string", "has no closing quote")
REFUSAL(STRING_PREFIX, "string_form_not_allowed", "string form",
        "is not allowed; only plain 'text' is")
REFUSAL(IDENTIFIER_WRONG, "identifier_wrong", "quoted name",
        "is empty, too long or has no closing quote")
REFUSAL(NUMBER_WRONG, "number_wrong", "number", "is not a plain decimal number")
REFUSAL(CHARACTER, "character_not_allowed", "character", "is not allowed")
REFUSAL(PARAMETER, "parameter_not_allowed", "parameter or variable",
        "is not allowed; write the value itself")
REFUSAL(OPERATOR, "operator_not_allowed", "operator", "is not allowed")
/* the statement */
REFUSAL(STATEMENT, "statement_not_allowed", "statement",
        "is not allowed; send one SELECT that only reads")
REFUSAL(MANY_STATEMENTS, "many_statements", "a second statement",
        "is not allowed; send one at a time")
REFUSAL(CONSTRUCT, "construct_not_allowed", "construct", "is not allowed")
REFUSAL(SYNTAX, "syntax", "the text", "is not expected here")
REFUSAL(UNBALANCED, "unbalanced", "parenthesis", "has no partner")
REFUSAL(TOO_DEEP, "too_deep", "the statement", "is nested too deeply")
REFUSAL(TOO_MANY_TERMS, "too_many_terms", "the expression", "has too many parts")
REFUSAL(TOO_MANY_TABLES, "too_many_tables", "the statement", "reads too many tables")
REFUSAL(TOO_MANY_ROWS, "too_many_rows", "the list of VALUES", "has too many rows")
/* names */
REFUSAL(TABLE, "table_not_allowed", "table", "is not one of the tables that may be read")
REFUSAL(SCHEMA, "schema_not_allowed", "qualified table",
        "is not allowed; name the table without a schema")
REFUSAL(FILE, "file_not_allowed", "file", "is not allowed; statements never read files")
REFUSAL(TABLE_FUNCTION, "table_function_not_allowed", "table function",
        "is not allowed; rows come from tables only")
REFUSAL(FUNCTION, "function_not_allowed", "function", "is not allowed")
REFUSAL(FUNCTION_FILES, "function_reads_files", "function",
        "is not allowed; functions that read files are never available")
REFUSAL(FUNCTION_SYSTEM, "function_reads_system", "function",
        "is not allowed; functions that show or change the system are never available")
REFUSAL(FUNCTION_UNBOUNDED, "function_unbounded", "function",
        "is not allowed; its time or its result has no bound")
REFUSAL(BOUND, "bound_not_literal", "length", "must be written as a number from 0 to 100")
REFUSAL(CLAUSE_OF_FUNCTION, "clause_of_function", "function", "does not take this clause")
REFUSAL(TYPE, "type_not_allowed", "type", "is not allowed")
REFUSAL(UNIT, "unit_not_allowed", "unit of time", "is not known")
REFUSAL(COLLATION, "collation_not_allowed", "collation", "is not allowed")
REFUSAL(LIMIT, "limit_not_number", "limit", "must be a whole number")
REFUSAL(RESERVED, "reserved_name", "name", "is a reserved word; put double quotes around it")
REFUSAL(NAME, "name_not_allowed", "name", "can't be given here; choose another")

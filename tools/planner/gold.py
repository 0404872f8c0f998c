# SPDX-License-Identifier: Apache-2.0
"""Published SQL -> a frame, and from it what the local models learn: the sketch, the uses of each
column, the conditions. The shapes and names are those of src/planner/rank/local_models.h."""
import sqlglot
from sqlglot import expressions as E

AGGREGATES = {E.Count: "count", E.Avg: "avg", E.Sum: "sum", E.Min: "min", E.Max: "max"}
COMPARISONS = {E.EQ: "=", E.NEQ: "!=", E.GT: ">", E.GTE: ">=", E.LT: "<", E.LTE: "<=",
               E.Like: "like", E.Is: "is"}
USES = ["select", "aggregate", "where", "group", "order", "nested"]
# enum comparison of planner/query.h
CODES = {"=": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5, "like": 6, "not like": 7,
         "between": 10, "null": 11, "not null": 12}


class NotCovered(Exception):
    """The statement is outside the shapes of the planner."""


class Parser:
    """`aliases` is None for a statement over one table, else alias -> table."""

    def __init__(self, aliases=None):
        self.aliases = aliases

    def column(self, node):
        if not isinstance(node, E.Column):
            raise NotCovered(type(node).__name__)
        if self.aliases is None:
            return node.name.lower()
        table = self.aliases.get(node.table.lower())
        return (table + "." if table else "") + node.name.lower()

    def item(self, node):
        while isinstance(node, (E.Alias, E.Paren, E.Ordered)):
            node = node.this
        for kind, name in AGGREGATES.items():
            if isinstance(node, kind):
                inner = node.this
                distinct = isinstance(inner, E.Distinct)
                if distinct:
                    inner = inner.expressions[0]
                column = "*" if isinstance(inner, E.Star) else self.column(inner)
                return name + ("d" if distinct else ""), column
        return "", "*" if isinstance(node, E.Star) else self.column(node)

    def literal(self, node):
        if isinstance(node, E.Literal):
            return node.this if node.is_string else float(node.this)
        if isinstance(node, E.Neg):
            return -self.literal(node.this)
        if isinstance(node, E.Boolean):
            return float(node.this)
        if isinstance(node, E.Null):
            return None
        if isinstance(node, E.Subquery):
            return self.frame(node.this)
        if isinstance(node, E.Select):
            return self.frame(node)
        raise NotCovered(type(node).__name__)

    def conditions(self, node):
        if isinstance(node, E.Paren):
            return self.conditions(node.this)
        if isinstance(node, (E.And, E.Or)):
            return self.conditions(node.left) + self.conditions(node.right)
        if isinstance(node, E.Not):
            return [(x[0], "not " + x[1], x[2]) for x in self.conditions(node.this)]
        if isinstance(node, E.Between):
            bounds = (self.literal(node.args["low"]), self.literal(node.args["high"]))
            return [(self.item(node.this), "between", bounds)]
        if isinstance(node, E.In):
            query = node.args.get("query")
            if query:
                inner = query.this if isinstance(query, E.Subquery) else query
                return [(self.item(node.this), "in", self.frame(inner))]
            return [(self.item(node.this), "in list", [self.literal(x) for x in node.expressions])]
        for kind, name in COMPARISONS.items():
            if type(node) is kind:
                return [(self.item(node.this), name, self.literal(node.expression))]
        raise NotCovered(type(node).__name__)

    def sources(self, node, tables):
        for source in tables:
            if not isinstance(source, E.Table):
                raise NotCovered("from")
            self.aliases[(source.alias or source.name).lower()] = source.name.lower()
            self.aliases.setdefault(source.name.lower(), source.name.lower())
        if len(set(self.aliases.values())) == 1:
            self.aliases[""] = next(iter(self.aliases.values()))

    def frame(self, node):
        for kind, name in ((E.Intersect, "int"), (E.Except, "exc"), (E.Union, "uni")):
            if isinstance(node, kind):
                return {"set": name, "a": self.frame(node.left), "b": self.frame(node.right)}
        if isinstance(node, E.Subquery):
            return self.frame(node.this)
        if not isinstance(node, E.Select):
            raise NotCovered(type(node).__name__)
        source = node.args.get("from_") or node.args.get("from")
        joins = node.args.get("joins") or []
        if self.aliases is not None:
            self.sources(node, [source.this] + [j.this for j in joins])
        elif joins or isinstance(source.this, E.Subquery):
            raise NotCovered("join")
        frame = {"select": [self.item(x) for x in node.expressions],
                 "distinct": bool(node.args.get("distinct")), "where": [], "group": [],
                 "having": [], "order": [], "limit": None}
        if node.args.get("where"):
            frame["where"] = self.conditions(node.args["where"].this)
        if node.args.get("group"):
            frame["group"] = [self.column(x) for x in node.args["group"].expressions]
        if node.args.get("having"):
            frame["having"] = self.conditions(node.args["having"].this)
        if node.args.get("order"):
            frame["order"] = [(self.item(x), bool(x.args.get("desc")))
                              for x in node.args["order"].expressions]
        if node.args.get("limit"):
            frame["limit"] = int(node.args["limit"].expression.this)
        return frame


def parse(sql):
    try:
        return Parser().frame(sqlglot.parse_one(sql, read="sqlite"))
    except Exception:  # whatever the parser dislikes is outside the shapes
        return None


def walk(frame, visit):
    """Calls visit on the frame and the frames in its conditions."""
    if "set" in frame:
        walk(frame["a"], visit)
        walk(frame["b"], visit)
        return
    visit(frame)
    for _, _, value in frame["where"] + frame["having"]:
        if isinstance(value, dict):
            walk(value, visit)


def parse_join(sql, owners):
    """The same over several tables; columns become table.column."""
    try:
        frame = Parser({}).frame(sqlglot.parse_one(sql, read="sqlite"))
    except Exception:
        return None

    def qualify(name):
        return name if name == "*" or "." in name else owners.get(name, "?") + "." + name

    def visit(f):
        f["select"] = [(a, qualify(c)) for a, c in f["select"]]
        f["group"] = [qualify(c) for c in f["group"]]
        f["order"] = [((a, qualify(c)), d) for (a, c), d in f["order"]]
        for k in ("where", "having"):
            f[k] = [((a, qualify(c)), o, v) for (a, c), o, v in f[k]]

    walk(frame, visit)
    return frame


def select_signature(frame):
    items = ["*" if c == "*" and not a else "P" if not a else "C" if a == "count" else a
             for a, c in frame["select"]]
    if set(items) <= {"P"}:
        return "P"
    rest = sorted(x for x in items if x != "P")
    return ("P+" if "P" in items else "") + ",".join(rest)


def nested_shape(condition):
    (_, column), comparison, inner = condition
    if "set" in inner or len(inner["select"]) != 1:
        return None
    aggregate, inner_column = inner["select"][0]
    if aggregate not in ("avg", "min", "max") or inner_column != column:
        return None
    if comparison not in ("<", ">", "=", ">=", "<="):
        return None
    return "n" + comparison[0] + aggregate + ("w" if inner["where"] else "")


def sketch(frame):
    """The seven parts as text, or None when the shape is not covered."""
    if frame is None:
        return None
    if "set" in frame:
        a, b = frame["a"], frame["b"]
        if "set" in a or "set" in b or a["group"] or b["group"] or a["having"] or b["having"]:
            return None
        if frame["set"] == "exc" and not a["where"] and b["where"]:
            where = "exc1"
        elif a["where"] and b["where"]:
            where = frame["set"]
        else:
            return None
        return check([select_signature(a), "0", where, "0", "", "", "0"])
    where = "w" if frame["where"] else ""
    for condition in frame["where"]:
        if isinstance(condition[2], dict):
            where = nested_shape(condition)
            if where is None:
                return None
    having = ""
    if len(frame["having"]) > 1 or len(frame["group"]) > 2:
        return None
    for (aggregate, _), _, value in frame["having"]:
        if isinstance(value, dict) or not aggregate:
            return None
        having = "count" if aggregate.startswith("count") else aggregate
    order = ""
    if frame["order"]:
        (aggregate, _), descending = frame["order"][0]
        key = "count" if aggregate.startswith("count") else aggregate or "col"
        order = key + ("-" if descending else "+")
    limit = "0" if not frame["limit"] else "1" if frame["limit"] == 1 else "2"
    return check([select_signature(frame), str(int(frame["distinct"])), where,
                  str(len(frame["group"])), having, order, limit])


def check(parts):
    """Sketches that the planner's tree can't hold are not covered."""
    known = {"P", "C", "*", "countd", "sum", "avg", "min", "max"}
    names = parts[0].removeprefix("P+").split(",")
    if len(names) > 5 or any(n not in known for n in names):
        return None
    return parts


def roles(frame, columns):
    """For each column the numbers of its uses."""
    place = {c: i for i, c in reversed(list(enumerate(columns)))}
    out = [set() for _ in columns]

    def put(column, use):
        if column in place:
            out[place[column]].add(USES.index(use))

    def visit(f):
        for aggregate, column in f["select"]:
            put(column, "aggregate" if aggregate else "select")
        for (_, column), _, value in f["where"]:
            put(column, "nested" if isinstance(value, dict) else "where")
        for column in f["group"]:
            put(column, "group")
        for (aggregate, column), _, _ in f["having"]:
            if not aggregate.startswith("count"):
                put(column, "aggregate")
        for (aggregate, column), _ in f["order"]:
            if not aggregate.startswith("count"):
                put(column, "order")

    if frame is not None:
        top(frame, visit)
    return [sorted(x) for x in out] if frame is not None else None


def top(frame, visit):
    """Visits the frame and both sides of a set operation, not what conditions hold."""
    if "set" in frame:
        top(frame["a"], visit)
        top(frame["b"], visit)
    else:
        visit(frame)


def canonical(value):
    if value is None:
        return None
    try:
        number = float(value)
        return str(int(number) if number == int(number) else number)
    except (TypeError, ValueError, OverflowError):
        return str(value)


def conditions(frame, columns):
    """[column or -1, comparison, value, second value] of every condition, HAVING and LIMIT."""
    place = {c: i for i, c in reversed(list(enumerate(columns)))}
    out = []

    def add(column, comparison, value, kind):
        if comparison == "is":
            comparison, value = "null", None
        elif comparison == "not is":
            comparison, value = "not null", None
        elif isinstance(value, str) and value.lower() == "null" and comparison in ("=", "!="):
            out.append([kind, column, CODES["null" if comparison == "=" else "not null"], None,
                        None])
        if comparison not in CODES:
            return
        first, second = value if isinstance(value, tuple) else (value, None)
        out.append([kind, column, CODES[comparison], canonical(first), canonical(second)])

    def visit(f):
        for (_, column), comparison, value in f["where"]:
            if isinstance(value, dict):
                top(value, visit)
            elif column in place:
                for x in value if isinstance(value, list) else [value]:
                    add(place[column], "=" if comparison == "in list" else comparison, x, "w")
        for (aggregate, column), comparison, value in f["having"]:
            if isinstance(value, dict):
                continue
            if aggregate.startswith("count"):
                add(-1, comparison, value, "h")
            elif column in place:
                add(place[column], comparison, value, "w")
        if f["limit"]:
            add(-1, "=", float(f["limit"]), "l")

    if frame is not None:
        top(frame, visit)
    return out

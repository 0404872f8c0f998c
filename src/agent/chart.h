/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: a Vega-Lite 5 specification for results that people would rather look at. */
#ifndef QUERENT_AGENT_CHART_H
#define QUERENT_AGENT_CHART_H

#include "agent/facts.h"

#define CHART_ROWS_MAX 500 /* points of a line */
#define CHART_BARS_MAX 40

/* JSON with the data inline, or NULL when no picture fits: too few or too many rows, no measure. */
const char *chart_write(const struct rows *rows, const struct facts *facts, struct arena *arena);

#endif

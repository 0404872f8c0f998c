/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer on a terminal while it is written. Words are put behind those that stand there; what was taken
 * back is wiped off the screen, so that nothing stands there which is not told any more. For that the
 * answer never fills more than one screen before its end: what does not fit comes then.
 */
#ifndef QUERENT_CLI_ANSWER_VIEW_H
#define QUERENT_CLI_ANSWER_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/terminal.h"

struct answer_view {
    FILE *stream;
    enum style style;
    bool open;           /* something was told, and answer_view_end() is due */
    struct strbuf told;  /* all of it */
    struct strbuf shown; /* what stands on the screen, with its line feeds */
};

/* Whether the stream is a terminal on which lines can be drawn again. */
bool answer_view_works(FILE *stream);

/* Words that are added, or that take the place of all that was told. The first opens the view, which the
 * caller has set to zero but for stream and style. Nothing else may be printed until it ends. */
void answer_view_tell(struct answer_view *view, struct str text, bool replaces);
/* The answer as it is, whatever was told, with a line feed; NULL: there is none, and nothing is left of
 * what was told. The view can be used again. */
void answer_view_end(struct answer_view *view, const char *answer);

#endif

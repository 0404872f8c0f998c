/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the lines of a chat: with editing and a history on a terminal (libedit), plainly
 * otherwise, so that a script can talk too.
 *
 * Reading blocks, and terminfo keeps buffers of 32 KiB on the stack, more than a task has: both
 * functions are to be called by task_offload(). One reader per process, as libedit has one state.
 */
#ifndef QUERENT_CLI_LINE_READER_H
#define QUERENT_CLI_LINE_READER_H

#include <stdbool.h>

struct line_reader {
    bool interactive;
    const char *history_path; /* interactive: where the history is kept */
    char *text;               /* the line read, malloc'ed; NULL at the end of the input */
};

/* Of a struct line_reader: reads the history, takes the keys. Does nothing without a terminal. */
void line_reader_open(void *reader);
/* Of a struct line_reader: sets text. Ctrl-C at a terminal gives up the line: an empty text. */
void line_reader_read(void *reader);

#endif

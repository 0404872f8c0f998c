// SPDX-License-Identifier: Apache-2.0
// A file of its own: a strict Content-Security-Policy runs no script that stands in a page.
"use strict";
// The fonts of the system: the page's own would come from elsewhere.
const words = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
Redoc.init("openapi.json", {
    theme: {
        typography: {
            fontFamily: words,
            headings: { fontFamily: words },
            code: { fontFamily: "ui-monospace, 'SFMono-Regular', Menlo, Consolas, monospace" },
        },
    },
}, document.getElementById("redoc"));

// SPDX-License-Identifier: Apache-2.0
// A file of its own: a strict Content-Security-Policy runs no script that stands in a page.
"use strict";
SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    showExtensions: true,
    showCommonExtensions: true,
    validatorUrl: null, // a server of its makers would read the document
});

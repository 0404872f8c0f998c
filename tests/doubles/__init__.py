# SPDX-License-Identifier: Apache-2.0
"""Servers that speak like the vendors of language models do, and fail like the networks before them.

    server.py         HTTP/1.1 on raw sockets: what is sent is exactly what a script says, wrong lengths and cuts too
    http2.py          the same for HTTP/2 over TLS
    tls.py            certificates, good and bad, of an authority made for the test
    script.py         what to answer: a queue of replies or a function of the request, for both vendors
    faults.py         everything that can go wrong between a client and its model, by name
    double.py         what the doubles share: keys, log, script
    claude.py         Anthropic's Messages API
    openai_server.py  OpenAI's chat completions and embeddings, as OpenAI, Azure, vLLM, Ollama and llama.cpp have them

    transcript.py     two questions with claude.py behind the program, as a transcript (`make transcript`)

tests/e2e/test_models_doubles.py proves them with the vendors' own clients. By hand, from tests/:

    python -m doubles.claude --port 8001 --script replies.json
"""

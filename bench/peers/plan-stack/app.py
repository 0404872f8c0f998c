# SPDX-License-Identifier: Apache-2.0
"""The plan's service as a competent Python engineer would build it: async all the way down.

FastAPI, LangGraph, SQLAlchemy 2 async + asyncpg, AsyncAnthropic, AsyncOpenAI, PyDomo in a thread.
Differences from the plan's own listings (which are synchronous and block the event loop, see app_plan.py):
async sessions and SDK clients, the graph is compiled once, unused per-request session left out.
"""
import asyncio
import json
import os
import time
import uuid
from contextlib import asynccontextmanager
from datetime import datetime

import anthropic
import openai
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from langgraph.graph import END, START, StateGraph
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from common import (DATABASE_URL, DOMO_CLIENT, EMBEDDING_MODEL, MAX_OVERFLOW, METADATA_DIR, MODEL, POOL_SIZE,
                    RAISED_LIMITS, RESPONSE_CACHE, STUB_URL, TOP_K, TTL, AgentState, Base, CacheEntry,
                    Conversation, CreateConversationRequest, DatasetVector, Message, QueryRequest, QueryResponse,
                    cache_key, frame_to_data, initial_state, llm_answer, llm_extra, llm_select, llm_sql, load_yaml,
                    make_title, step, tokens, tool_input)

engine = create_async_engine(DATABASE_URL.replace("postgresql://", "postgresql+asyncpg://"),
                             pool_size=POOL_SIZE, max_overflow=MAX_OVERFLOW)
Session = async_sessionmaker(engine, expire_on_commit=False)


def sdk_clients():
    extra_a, extra_o = {}, {}
    if RAISED_LIMITS:
        import httpx2
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        extra_a["http_client"] = anthropic.DefaultAsyncHttpxClient(limits=limits)
        extra_o["http_client"] = openai.DefaultAsyncHttpxClient(limits=limits)
    return (anthropic.AsyncAnthropic(api_key="k", base_url=STUB_URL, **extra_a),
            openai.AsyncOpenAI(api_key="k", base_url=STUB_URL + "/v1", **extra_o))


claude, embedder = sdk_clients()


class PyDomoService:
    """PyDomo is synchronous: a thread per query (the default executor)."""

    def __init__(self):
        self.domo = None

    def _query(self, dataset_id, sql):
        if self.domo is None:
            from pydomo import Domo
            self.domo = Domo("id", "secret", api_host=STUB_URL.split("//")[1], use_https=False)
        return frame_to_data(self.domo.ds_query(dataset_id, sql))

    async def query(self, dataset_id, sql):
        return await asyncio.to_thread(self._query, dataset_id, sql)


class HttpxDomoService:
    def __init__(self):
        import httpx
        self.client, self.token, self.expires = httpx.AsyncClient(base_url=STUB_URL), None, 0

    async def query(self, dataset_id, sql):
        if time.time() > self.expires:
            reply = await self.client.post("/oauth/token", data={"grant_type": "client_credentials"},
                                           auth=("id", "secret"))
            self.token, self.expires = reply.json()["access_token"], time.time() + reply.json()["expires_in"] - 60
        reply = await self.client.post(f"/v1/datasets/query/execute/{dataset_id}", json={"sql": sql},
                                       headers={"Authorization": "bearer " + self.token})
        reply.raise_for_status()
        data = reply.json()
        return {"columns": data["columns"], "rows": data["rows"]}


if DOMO_CLIENT == "pydomo":
    import pydomo  # noqa: F401  (at start, as the plan's service module does)
domo = PyDomoService() if DOMO_CLIENT == "pydomo" else HttpxDomoService()


class CacheService:
    """Section 12 of the plan, async."""

    async def get(self, cache_type, **kwargs):
        key = cache_key(cache_type, **kwargs)
        async with Session() as db:
            try:
                entry = (await db.execute(select(CacheEntry).where(
                    CacheEntry.cache_key == key, CacheEntry.cache_type == cache_type))).scalars().first()
                if not entry:
                    return None
                if entry.expires_at and entry.expires_at < datetime.now():
                    await db.delete(entry)
                    await db.commit()
                    return None
                entry.hit_count += 1
                entry.last_accessed = datetime.now()
                await db.commit()
                return entry.value
            except Exception as e:
                print(f"Cache get error: {e}")
                return None

    async def set(self, cache_type, value, **kwargs):
        key = cache_key(cache_type, **kwargs)
        now = datetime.now()
        async with Session() as db:
            try:
                entry = (await db.execute(select(CacheEntry).where(CacheEntry.cache_key == key))).scalars().first()
                if entry:
                    entry.value, entry.expires_at, entry.last_accessed = value, now + TTL[cache_type], now
                else:
                    db.add(CacheEntry(cache_key=key, cache_type=cache_type, value=value, created_at=now,
                                      expires_at=now + TTL[cache_type], last_accessed=now))
                await db.commit()
            except Exception as e:
                await db.rollback()
                print(f"Cache set error: {e}")


class ConversationService:
    """Section 13 of the plan, async."""

    async def create_conversation(self, user_id, title=None, agent_config=None):
        conversation_id = f"conv_{uuid.uuid4().hex[:16]}"
        async with Session() as db:
            db.add(Conversation(conversation_id=conversation_id, user_id=user_id, title=title,
                                created_at=datetime.now(), updated_at=datetime.now(),
                                agent_config=agent_config or {}))
            await db.commit()
        return conversation_id

    async def add_message(self, conversation_id, role, content, **fields):
        message_id = f"msg_{uuid.uuid4().hex[:16]}"
        async with Session() as db:
            db.add(Message(message_id=message_id, conversation_id=conversation_id, role=role, content=content,
                           timestamp=datetime.now(), **fields))
            conversation = (await db.execute(select(Conversation).where(
                Conversation.conversation_id == conversation_id))).scalars().first()
            if conversation:
                conversation.message_count += 1
                conversation.updated_at = datetime.now()
                if not conversation.title and role == "user" and conversation.message_count == 1:
                    conversation.title = make_title(content)
            await db.commit()
        return message_id

    async def get_conversation_history(self, conversation_id, limit=None):
        async with Session() as db:
            query = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.timestamp)
            if limit:
                query = query.limit(limit)
            return [{"message_id": m.message_id, "role": m.role, "content": m.content,
                     "timestamp": m.timestamp.isoformat(),
                     "metadata": {"sql_query": m.sql_query, "datasets_used": m.datasets_used, "steps": m.steps,
                                  "tokens_used": m.tokens_used, "execution_time_ms": m.execution_time_ms}
                     if m.role == "assistant" else None}
                    for m in (await db.execute(query)).scalars().all()]

    async def format_history_for_llm(self, conversation_id, last_n_messages=10):
        return [{"role": m["role"], "content": m["content"]}
                for m in await self.get_conversation_history(conversation_id, limit=last_n_messages)]

    async def get_user_conversations(self, user_id):
        async with Session() as db:
            rows = (await db.execute(select(Conversation).where(
                Conversation.user_id == user_id, Conversation.is_deleted == False)  # noqa: E712
                .order_by(Conversation.updated_at.desc()))).scalars().all()
            return [{"conversation_id": c.conversation_id, "title": c.title,
                     "created_at": c.created_at.isoformat(), "updated_at": c.updated_at.isoformat(),
                     "message_count": c.message_count} for c in rows]

    async def delete_conversation(self, conversation_id):
        async with Session() as db:
            conversation = (await db.execute(select(Conversation).where(
                Conversation.conversation_id == conversation_id))).scalars().first()
            if conversation:
                conversation.is_deleted = True
                await db.commit()


cache = CacheService()
conversations = ConversationService()


async def vector_search(state: AgentState):
    reply = await embedder.embeddings.create(model=EMBEDDING_MODEL, input=state["query"])
    vector = reply.data[0].embedding
    distance = DatasetVector.embedding.cosine_distance(vector)
    async with Session() as db:
        rows = (await db.execute(select(DatasetVector.dataset_id, DatasetVector.table_name,
                                        DatasetVector.description, (1 - distance).label("similarity"))
                                 .order_by(distance).limit(TOP_K))).all()
    found = [{"dataset_id": r.dataset_id, "table_name": r.table_name, "similarity": r.similarity} for r in rows]
    return {"vector_search_results": found, "steps": step(state, "vector_search", detail={"found": len(found)})}


async def get_metadata(dataset_id, use_cache):
    if use_cache:
        value = await cache.get("metadata", dataset_id=dataset_id)
        if value is not None:
            return value, True
    value = await asyncio.to_thread(load_yaml, dataset_id)
    if use_cache:
        await cache.set("metadata", value, dataset_id=dataset_id)
    return value, False


async def load_metadata(state: AgentState):
    result, hits = {}, []
    for found in state["vector_search_results"]:
        result[found["dataset_id"]], hit = await get_metadata(found["dataset_id"], state["use_cache"])
        hits.append(hit)
    return {"candidate_metadata": result, "cache_hits": {**state["cache_hits"], "metadata": all(hits)},
            "steps": step(state, "load_metadata", detail={"loaded": len(result)})}


async def select_dataset(state: AgentState):
    key = dict(query=state["query"], candidates=sorted(state["candidate_metadata"]))
    choice = await cache.get("dataset_selection", **key) if state["use_cache"] else None
    hit, used = choice is not None, state["tokens_used"]
    if not hit:
        message = await claude.messages.create(**llm_select(state), **llm_extra(state))
        choice, used = tool_input(message), tokens(state, message)
        if state["use_cache"]:
            await cache.set("dataset_selection", choice, **key)
    return {"selected_dataset_id": choice["dataset_id"], "dataset_selection_reasoning": choice["reasoning"],
            "selected_metadata": state["candidate_metadata"].get(choice["dataset_id"], {}), "tokens_used": used,
            "cache_hits": {**state["cache_hits"], "dataset_selection": hit},
            "steps": step(state, "select_dataset", detail=choice)}


async def generate_sql(state: AgentState):
    key = dict(query=state["query"], dataset_id=state["selected_dataset_id"])
    made = await cache.get("sql_generation", **key) if state["use_cache"] else None
    hit, used = made is not None, state["tokens_used"]
    if not hit:
        message = await claude.messages.create(**llm_sql(state), **llm_extra(state))
        made, used = tool_input(message), tokens(state, message)
        if state["use_cache"]:
            await cache.set("sql_generation", made, **key)
    return {"sql_query": made["sql"], "sql_reasoning": made["reasoning"], "tokens_used": used,
            "cache_hits": {**state["cache_hits"], "sql_generation": hit},
            "steps": step(state, "generate_sql", detail=made)}


async def execute_query(state: AgentState):
    key = dict(sql=state["sql_query"], dataset_id=state["selected_dataset_id"])
    data = await cache.get("sql_result", **key) if state["use_cache"] else None
    hit = data is not None
    if not hit:
        data = await domo.query(state["selected_dataset_id"], state["sql_query"])
        if state["use_cache"]:
            await cache.set("sql_result", data, **key)
    return {"retrieved_data": data, "cache_hits": {**state["cache_hits"], "sql_result": hit},
            "steps": step(state, "execute_query", detail={"rows": len(data["rows"])})}


async def generate_response(state: AgentState):
    message = await claude.messages.create(**llm_answer(state), **llm_extra(state))
    answer = "".join(b.text for b in message.content if b.type == "text")
    return {"final_response": answer, "tokens_used": tokens(state, message),
            "steps": step(state, "generate_response")}


def create_agent_graph():
    builder = StateGraph(AgentState)
    nodes = [vector_search, load_metadata, select_dataset, generate_sql, execute_query, generate_response]
    before = START
    for node in nodes:
        builder.add_node(node.__name__, node)
        builder.add_edge(before, node.__name__)
        before = node.__name__
    builder.add_edge(before, END)
    return builder.compile()


graph = create_agent_graph()
router = APIRouter()


async def begin(request: QueryRequest):
    conversation_id = request.conversation_id
    if not conversation_id:
        conversation_id = await conversations.create_conversation(
            request.user_id, agent_config=request.agent_config.model_dump() if request.agent_config else {})
    history = await conversations.format_history_for_llm(conversation_id)
    return initial_state(request, conversation_id, history)


async def save(state):
    await conversations.add_message(state["conversation_id"], "user", state["query"])
    await conversations.add_message(
        state["conversation_id"], "assistant", state["final_response"], sql_query=state["sql_query"],
        datasets_used=[state["selected_dataset_id"]], steps=state["steps"], tokens_used=state["tokens_used"],
        execution_time_ms=state["execution_time_ms"])


RESPONSE_FIELDS = ("steps", "final_response", "sql_query", "retrieved_data", "selected_dataset_id", "cache_hits")


def response_key(state):
    return dict(query=state["query"], history=state["conversation_history"], config=state["agent_config"])


@router.post("/query", response_model=QueryResponse)
async def query_data(request: QueryRequest):
    start = time.time()
    query_id = f"query_{uuid.uuid4().hex[:16]}"
    try:
        state = await begin(request)
        cached = await cache.get("response", **response_key(state)) if RESPONSE_CACHE and state["use_cache"] else None
        if cached:
            final = {**state, **cached, "cache_hits": {"response": True}}
        else:
            final = await graph.ainvoke(state)
            if RESPONSE_CACHE and state["use_cache"]:
                await cache.set("response", {k: final[k] for k in RESPONSE_FIELDS}, **response_key(state))
        total = int((time.time() - start) * 1000)
        final["execution_time_ms"] = total
        await save(final)
        return QueryResponse(
            query_id=query_id, conversation_id=final["conversation_id"],
            timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), user_id=request.user_id,
            steps=final["steps"], final_response=final["final_response"], sql_query=final["sql_query"],
            data_sample=final["retrieved_data"].get("rows", [])[:10],
            metadata={"execution_time_ms": total, "selected_dataset": final["selected_dataset_id"],
                      "cache_hits": final["cache_hits"], "tokens_used": final["tokens_used"],
                      "model": request.agent_config.model if request.agent_config else MODEL})
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))


def event(name, data):
    return f"data: {json.dumps({'event': name, 'data': data})}\n\n"


async def event_generator(state):
    start = time.time()
    try:
        final, sent = None, 0
        async for final in graph.astream(state, stream_mode="values"):
            if len(final["steps"]) > sent:
                sent = len(final["steps"])
                yield event("step_update", {"step": final["steps"][-1]})
        final["execution_time_ms"] = int((time.time() - start) * 1000)
        await save(final)
        yield event("complete", {
            "conversation_id": final["conversation_id"], "final_response": final["final_response"],
            "sql_query": final["sql_query"], "selected_dataset": final["selected_dataset_id"],
            "metadata": {"execution_time_ms": final["execution_time_ms"], "cache_hits": final["cache_hits"]}})
    except Exception as e:
        yield event("error", {"error": f"{type(e).__name__}: {e}"})


@router.post("/query/stream")
async def query_stream(request: QueryRequest):
    try:
        state = await begin(request)
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))
    return StreamingResponse(event_generator(state), media_type="text/event-stream")


@router.get("/conversations/{user_id}")
async def get_user_conversations(user_id: str):
    return {"conversations": await conversations.get_user_conversations(user_id)}


@router.get("/conversations/{conversation_id}/messages")
async def get_conversation_messages(conversation_id: str):
    return {"conversation_id": conversation_id,
            "messages": await conversations.get_conversation_history(conversation_id)}


@router.post("/conversations")
async def create_conversation(request: CreateConversationRequest):
    return {"conversation_id": await conversations.create_conversation(request.user_id, request.title),
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(conversation_id: str):
    await conversations.delete_conversation(conversation_id)
    return {"status": "deleted", "conversation_id": conversation_id}


@asynccontextmanager
async def lifespan(_):
    async with engine.begin() as connection:  # the plan's init_db()
        await connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="AI Data Agent API", version="1.0.0", lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"],
                   allow_headers=["*"])
app.include_router(router, prefix="/api/v1")


@app.get("/health")
async def health_check():
    return {"status": "healthy", "environment": os.getenv("ENVIRONMENT", "development"), "version": "1.0.0"}


@app.get("/")
async def root():
    return {"message": "AI Data Agent API", "docs": "/docs", "health": "/health"}


@app.exception_handler(Exception)
async def global_exception_handler(request, exc):
    return JSONResponse(status_code=500, content={"error": "Internal server error", "detail": str(exc)})


async def index(count):
    """The plan's scripts/setup_vectors.py, over made-up datasets."""
    import yaml
    os.makedirs(METADATA_DIR, exist_ok=True)
    async with lifespan(app):
        for i in range(count):
            dataset_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"dataset-{i}"))
            doc = {"dataset_id": dataset_id, "table_name": f"sales_{i}",
                   "description": f"Sales of region group {i}: one row per order line, with amounts and dates",
                   "columns": [{"name": f"column_{j}", "type": ["STRING", "DOUBLE", "DATE", "LONG"][j % 4],
                                "description": f"What column {j} of dataset {i} says about an order",
                                "sample_values": ["a", "b", "c"]} for j in range(20)]}
            with open(os.path.join(METADATA_DIR, dataset_id + ".yaml"), "w") as f:
                yaml.safe_dump(doc, f, sort_keys=False)
            reply = await embedder.embeddings.create(model=EMBEDDING_MODEL, input=json.dumps(doc))
            async with Session() as db:
                await db.merge(DatasetVector(dataset_id=dataset_id, table_name=doc["table_name"],
                                             description=doc["description"], embedding=reply.data[0].embedding))
                await db.commit()


if __name__ == "__main__":
    asyncio.run(index(20))

# SPDX-License-Identifier: Apache-2.0
"""The plan's service as its listings literally say: synchronous sessions, SDK clients and graph inside async
handlers (so the event loop is blocked while a question is answered), the graph compiled per request, an
unused per-request session. Sections 1 to 11 of the plan are lost; the nodes are app.py's, made synchronous.
Mended only where it cannot run: the stream uses stream_mode="values".
"""
import asyncio
import json
import os
import time
import uuid
from datetime import datetime

import anthropic
import openai
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse
from langgraph.graph import END, START, StateGraph
from pydomo import Domo
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from common import (DATABASE_URL, EMBEDDING_MODEL, MAX_OVERFLOW, MODEL, POOL_SIZE, STUB_URL, TOP_K, TTL, AgentState,
                    Base, CacheEntry, Conversation, DatasetVector, Message, QueryRequest, QueryResponse, cache_key,
                    frame_to_data, initial_state, llm_answer, llm_extra, llm_select, llm_sql, load_yaml, make_title,
                    step, tokens, tool_input)

engine = create_engine(DATABASE_URL.replace("postgresql://", "postgresql+psycopg2://"),
                       pool_size=POOL_SIZE, max_overflow=MAX_OVERFLOW)
SessionLocal = sessionmaker(autocommit=False, autoflush=False, bind=engine)
claude = anthropic.Anthropic(api_key="k", base_url=STUB_URL)
embedder = openai.OpenAI(api_key="k", base_url=STUB_URL + "/v1")
domo = None


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


class CacheService:
    def get(self, cache_type, **kwargs):
        key = cache_key(cache_type, **kwargs)
        db = SessionLocal()
        try:
            entry = db.query(CacheEntry).filter(CacheEntry.cache_key == key,
                                                CacheEntry.cache_type == cache_type).first()
            if not entry:
                return None
            if entry.expires_at and entry.expires_at < datetime.now():
                db.delete(entry)
                db.commit()
                return None
            entry.hit_count += 1
            entry.last_accessed = datetime.now()
            db.commit()
            return entry.value
        except Exception as e:
            print(f"Cache get error: {e}")
            return None
        finally:
            db.close()

    def set(self, cache_type, value, **kwargs):
        key = cache_key(cache_type, **kwargs)
        now = datetime.now()
        db = SessionLocal()
        try:
            entry = db.query(CacheEntry).filter(CacheEntry.cache_key == key).first()
            if entry:
                entry.value, entry.expires_at, entry.last_accessed = value, now + TTL[cache_type], now
            else:
                db.add(CacheEntry(cache_key=key, cache_type=cache_type, value=value, created_at=now,
                                  expires_at=now + TTL[cache_type], last_accessed=now))
            db.commit()
        except Exception as e:
            db.rollback()
            print(f"Cache set error: {e}")
        finally:
            db.close()


class ConversationService:
    def create_conversation(self, user_id, title=None, agent_config=None):
        conversation_id = f"conv_{uuid.uuid4().hex[:16]}"
        db = SessionLocal()
        try:
            db.add(Conversation(conversation_id=conversation_id, user_id=user_id, title=title,
                                created_at=datetime.now(), updated_at=datetime.now(),
                                agent_config=agent_config or {}))
            db.commit()
            return conversation_id
        finally:
            db.close()

    def add_message(self, conversation_id, role, content, **fields):
        db = SessionLocal()
        try:
            db.add(Message(message_id=f"msg_{uuid.uuid4().hex[:16]}", conversation_id=conversation_id, role=role,
                           content=content, timestamp=datetime.now(), **fields))
            conversation = db.query(Conversation).filter(Conversation.conversation_id == conversation_id).first()
            if conversation:
                conversation.message_count += 1
                conversation.updated_at = datetime.now()
                if not conversation.title and role == "user" and conversation.message_count == 1:
                    conversation.title = make_title(content)
            db.commit()
        finally:
            db.close()

    def format_history_for_llm(self, conversation_id, last_n_messages=10):
        db = SessionLocal()
        try:
            rows = db.query(Message).filter(Message.conversation_id == conversation_id).order_by(
                Message.timestamp.asc()).limit(last_n_messages).all()
            return [{"role": m.role, "content": m.content} for m in rows]
        finally:
            db.close()


cache = CacheService()


def vector_search(state: AgentState):
    vector = embedder.embeddings.create(model=EMBEDDING_MODEL, input=state["query"]).data[0].embedding
    distance = DatasetVector.embedding.cosine_distance(vector)
    db = SessionLocal()
    try:
        rows = db.query(DatasetVector.dataset_id, DatasetVector.table_name, DatasetVector.description,
                        (1 - distance).label("similarity")).order_by(distance).limit(TOP_K).all()
    finally:
        db.close()
    found = [{"dataset_id": r.dataset_id, "table_name": r.table_name, "similarity": r.similarity} for r in rows]
    return {"vector_search_results": found, "steps": step(state, "vector_search", detail={"found": len(found)})}


def load_metadata(state: AgentState):
    result = {}
    for found in state["vector_search_results"]:
        dataset_id = found["dataset_id"]
        value = cache.get("metadata", dataset_id=dataset_id) if state["use_cache"] else None
        if value is None:
            value = load_yaml(dataset_id)
            if state["use_cache"]:
                cache.set("metadata", value, dataset_id=dataset_id)
        result[dataset_id] = value
    return {"candidate_metadata": result, "steps": step(state, "load_metadata", detail={"loaded": len(result)})}


def select_dataset(state: AgentState):
    key = dict(query=state["query"], candidates=sorted(state["candidate_metadata"]))
    choice = cache.get("dataset_selection", **key) if state["use_cache"] else None
    hit, used = choice is not None, state["tokens_used"]
    if not hit:
        message = claude.messages.create(**llm_select(state), **llm_extra(state))
        choice, used = tool_input(message), tokens(state, message)
        if state["use_cache"]:
            cache.set("dataset_selection", choice, **key)
    return {"selected_dataset_id": choice["dataset_id"], "dataset_selection_reasoning": choice["reasoning"],
            "selected_metadata": state["candidate_metadata"].get(choice["dataset_id"], {}), "tokens_used": used,
            "cache_hits": {**state["cache_hits"], "dataset_selection": hit},
            "steps": step(state, "select_dataset", detail=choice)}


def generate_sql(state: AgentState):
    key = dict(query=state["query"], dataset_id=state["selected_dataset_id"])
    made = cache.get("sql_generation", **key) if state["use_cache"] else None
    hit, used = made is not None, state["tokens_used"]
    if not hit:
        message = claude.messages.create(**llm_sql(state), **llm_extra(state))
        made, used = tool_input(message), tokens(state, message)
        if state["use_cache"]:
            cache.set("sql_generation", made, **key)
    return {"sql_query": made["sql"], "sql_reasoning": made["reasoning"], "tokens_used": used,
            "cache_hits": {**state["cache_hits"], "sql_generation": hit},
            "steps": step(state, "generate_sql", detail=made)}


def execute_query(state: AgentState):
    global domo
    key = dict(sql=state["sql_query"], dataset_id=state["selected_dataset_id"])
    data = cache.get("sql_result", **key) if state["use_cache"] else None
    hit = data is not None
    if not hit:
        if domo is None:
            domo = Domo("id", "secret", api_host=STUB_URL.split("//")[1], use_https=False)
        data = frame_to_data(domo.ds_query(state["selected_dataset_id"], state["sql_query"]))
        if state["use_cache"]:
            cache.set("sql_result", data, **key)
    return {"retrieved_data": data, "cache_hits": {**state["cache_hits"], "sql_result": hit},
            "steps": step(state, "execute_query", detail={"rows": len(data["rows"])})}


def generate_response(state: AgentState):
    message = claude.messages.create(**llm_answer(state), **llm_extra(state))
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


router = APIRouter()


def begin(request, conv_service):
    conversation_id = request.conversation_id
    if not conversation_id:
        conversation_id = conv_service.create_conversation(
            request.user_id, agent_config=request.agent_config.model_dump() if request.agent_config else {})
    return initial_state(request, conversation_id, conv_service.format_history_for_llm(conversation_id))


def save(conv_service, final):
    conv_service.add_message(final["conversation_id"], "user", final["query"])
    conv_service.add_message(final["conversation_id"], "assistant", final["final_response"],
                             sql_query=final["sql_query"], datasets_used=[final["selected_dataset_id"]],
                             steps=final["steps"], execution_time_ms=final["execution_time_ms"])


@router.post("/query", response_model=QueryResponse)
async def query_data(request: QueryRequest, db: Session = Depends(get_db)):
    start = time.time()
    query_id = f"query_{uuid.uuid4().hex[:16]}"
    conv_service = ConversationService()
    agent_graph = create_agent_graph()
    try:
        final = agent_graph.invoke(begin(request, conv_service))
        total = final["execution_time_ms"] = int((time.time() - start) * 1000)
        save(conv_service, final)
        return QueryResponse(
            query_id=query_id, conversation_id=final["conversation_id"],
            timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), user_id=request.user_id,
            steps=final["steps"], final_response=final["final_response"], sql_query=final["sql_query"],
            data_sample=final["retrieved_data"].get("rows", [])[:10],
            metadata={"execution_time_ms": total, "selected_dataset": final["selected_dataset_id"],
                      "cache_hits": final["cache_hits"],
                      "model": request.agent_config.model if request.agent_config else MODEL})
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))


def event(name, data):
    return f"data: {json.dumps({'event': name, 'data': data})}\n\n"


async def event_generator(state):
    conv_service = ConversationService()
    agent_graph = create_agent_graph()
    try:
        final, sent = None, 0
        for final in agent_graph.stream(state, stream_mode="values"):
            if len(final["steps"]) > sent:
                sent = len(final["steps"])
                yield event("step_update", {"step": final["steps"][-1]})
            await asyncio.sleep(0)
        save(conv_service, final)
        yield event("complete", {
            "conversation_id": final["conversation_id"], "final_response": final["final_response"],
            "sql_query": final["sql_query"], "selected_dataset": final["selected_dataset_id"],
            "metadata": {"execution_time_ms": final["execution_time_ms"], "cache_hits": final["cache_hits"]}})
    except Exception as e:
        yield event("error", {"error": f"{type(e).__name__}: {e}"})


@router.post("/query/stream")
async def query_stream(request: QueryRequest, db: Session = Depends(get_db)):
    return StreamingResponse(event_generator(begin(request, ConversationService())), media_type="text/event-stream")


app = FastAPI(title="AI Data Agent API", version="1.0.0")
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"],
                   allow_headers=["*"])
app.include_router(router, prefix="/api/v1")
Base.metadata.create_all(engine)


@app.get("/health")
async def health_check():
    return {"status": "healthy", "environment": os.getenv("ENVIRONMENT", "development"), "version": "1.0.0"}

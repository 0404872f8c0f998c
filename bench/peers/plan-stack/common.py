# SPDX-License-Identifier: Apache-2.0
"""What both servers share: settings, tables, request and response models, prompts, metadata files."""
import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import Any, Dict, List, Optional, TypedDict

import yaml
from pgvector.sqlalchemy import Vector
from pydantic import BaseModel, Field
from sqlalchemy import Boolean, DateTime, ForeignKey, Index, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE_URL = os.environ["DATABASE_URL"]  # postgresql://user@host:port/db
STUB_URL = os.environ["STUB_URL"]  # http://host:port
METADATA_DIR = os.environ["METADATA_DIR"]
RAISED_LIMITS = os.getenv("RAISED_LIMITS") == "1"  # SDK connection pools without a limit
RESPONSE_CACHE = os.getenv("RESPONSE_CACHE") == "1"  # not in the plan: the whole answer is cached too
DOMO_CLIENT = os.getenv("DOMO_CLIENT", "pydomo")  # pydomo (the plan) or httpx
POOL_SIZE = int(os.getenv("POOL_SIZE", "20"))  # SQLAlchemy's own default is 5, and 10 more that are closed after use
MAX_OVERFLOW = int(os.getenv("MAX_OVERFLOW", "0"))
TOP_K = 3
MODEL = "claude-sonnet-4-5-20250929"
EMBEDDING_MODEL = "text-embedding-3-small"

try:
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader


class Base(DeclarativeBase):
    pass


class Conversation(Base):
    __tablename__ = "conversations"
    conversation_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255), index=True)
    title: Mapped[Optional[str]] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    updated_at: Mapped[datetime] = mapped_column(DateTime)
    message_count: Mapped[int] = mapped_column(Integer, default=0)
    is_deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    agent_config: Mapped[Optional[dict]] = mapped_column(JSONB)


class Message(Base):
    __tablename__ = "messages"
    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.conversation_id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(DateTime)
    sql_query: Mapped[Optional[str]] = mapped_column(Text)
    datasets_used: Mapped[Optional[list]] = mapped_column(JSONB)
    steps: Mapped[Optional[list]] = mapped_column(JSONB)
    tokens_used: Mapped[Optional[int]] = mapped_column(Integer)
    execution_time_ms: Mapped[Optional[int]] = mapped_column(Integer)


class CacheEntry(Base):
    __tablename__ = "cache_entries"
    cache_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    cache_type: Mapped[str] = mapped_column(String(50), index=True)
    value: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[Optional[datetime]] = mapped_column(DateTime, index=True)
    last_accessed: Mapped[datetime] = mapped_column(DateTime)
    hit_count: Mapped[int] = mapped_column(Integer, default=0)


class DatasetVector(Base):
    __tablename__ = "dataset_vectors"
    dataset_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    embedding: Mapped[Any] = mapped_column(Vector(1536))
    __table_args__ = (
        Index("ix_dataset_vectors_hnsw", "embedding", postgresql_using="hnsw",
              postgresql_ops={"embedding": "vector_cosine_ops"}),
    )


class AgentConfig(BaseModel):
    dataset_filter: Optional[List[str]] = None
    model: str = MODEL
    temperature: float = 0
    use_cache: bool = True


class QueryRequest(BaseModel):
    query: str = Field(..., description="Natural language query")
    user_id: str = Field(..., description="User identifier")
    conversation_id: Optional[str] = Field(None, description="Conversation ID for context")
    agent_config: Optional[AgentConfig] = Field(default_factory=AgentConfig)


class QueryResponse(BaseModel):
    query_id: str
    conversation_id: str
    timestamp: str
    user_id: str
    steps: List[Dict]
    final_response: str
    sql_query: Optional[str]
    data_sample: Optional[List] = None
    metadata: Dict


class CreateConversationRequest(BaseModel):
    user_id: str
    title: Optional[str] = None


class AgentState(TypedDict, total=False):
    query: str
    user_id: str
    conversation_id: str
    conversation_history: list
    agent_config: dict
    use_cache: bool
    steps: list
    cache_hits: dict
    vector_search_results: list
    candidate_metadata: dict
    selected_dataset_id: str
    dataset_selection_reasoning: str
    selected_metadata: dict
    sql_query: str
    sql_reasoning: str
    retrieved_data: dict
    final_response: str
    error: Optional[str]
    tokens_used: int
    execution_time_ms: int


TTL = {
    "sql_result": timedelta(hours=1),
    "dataset_selection": timedelta(days=1),
    "sql_generation": timedelta(hours=6),
    "metadata": timedelta(hours=12),
    "response": timedelta(hours=1),
}


def cache_key(cache_type: str, **kwargs) -> str:
    text = json.dumps(kwargs, sort_keys=True, default=str)
    return hashlib.sha256(f"{cache_type}:{text}".encode()).hexdigest()[:32]


def load_yaml(dataset_id: str) -> dict:
    """Stands for the blob download: one local file."""
    with open(os.path.join(METADATA_DIR, dataset_id + ".yaml"), "rb") as f:
        return yaml.load(f, Loader)


def initial_state(request: QueryRequest, conversation_id: str, history: list) -> dict:
    config = request.agent_config.model_dump() if request.agent_config else {}
    return {
        "query": request.query, "user_id": request.user_id, "conversation_id": conversation_id,
        "conversation_history": history, "agent_config": config,
        "use_cache": config.get("use_cache", True), "steps": [], "cache_hits": {},
        "vector_search_results": [], "candidate_metadata": {}, "selected_dataset_id": "",
        "dataset_selection_reasoning": "", "selected_metadata": {}, "sql_query": "", "sql_reasoning": "",
        "retrieved_data": {}, "final_response": "", "error": None, "tokens_used": 0, "execution_time_ms": 0,
    }


def step(state: dict, name: str, **detail) -> list:
    return state["steps"] + [{"step": name, "status": "completed", **detail}]


def make_title(query: str) -> str:
    return query if len(query) <= 50 else query[:50] + "..."


SELECT_TOOL = {
    "name": "choose_dataset", "description": "Choose the dataset that answers the question best",
    "input_schema": {"type": "object", "properties": {
        "dataset_id": {"type": "string"}, "reasoning": {"type": "string"}},
        "required": ["dataset_id", "reasoning"]}}
SQL_TOOL = {
    "name": "write_sql", "description": "Write one SQL query that answers the question",
    "input_schema": {"type": "object", "properties": {
        "sql": {"type": "string"}, "reasoning": {"type": "string"}}, "required": ["sql", "reasoning"]}}


def llm_select(state: dict) -> dict:
    return dict(
        max_tokens=1024, system="You choose datasets. Use the tool.", tools=[SELECT_TOOL],
        tool_choice={"type": "tool", "name": "choose_dataset"},
        messages=state["conversation_history"] + [{"role": "user", "content":
            "Candidate datasets:\n" + json.dumps(state["candidate_metadata"]) +
            "\n\nQuestion: " + state["query"]}])


def llm_sql(state: dict) -> dict:
    return dict(
        max_tokens=2048, system="You write SQL for Domo (MySQL-like; the table is named table). Use the tool.",
        tools=[SQL_TOOL], tool_choice={"type": "tool", "name": "write_sql"},
        messages=state["conversation_history"] + [{"role": "user", "content":
            "Dataset:\n" + json.dumps(state["selected_metadata"]) + "\n\nQuestion: " + state["query"]}])


def llm_answer(state: dict) -> dict:
    return dict(
        max_tokens=2048, system="You answer questions about data from query results, briefly.",
        messages=state["conversation_history"] + [{"role": "user", "content":
            "Question: " + state["query"] + "\n\nSQL: " + state["sql_query"] + "\n\nRows: " +
            json.dumps(state["retrieved_data"], default=str)}])


def llm_extra(state: dict) -> dict:
    config = state["agent_config"]
    return dict(model=config.get("model") or MODEL, extra_body={"temperature": config.get("temperature", 0)})


def tool_input(message) -> dict:
    for block in message.content:
        if block.type == "tool_use":
            return block.input
    raise ValueError("no tool call in the reply")


def tokens(state: dict, message) -> int:
    return state["tokens_used"] + message.usage.input_tokens + message.usage.output_tokens


def frame_to_data(frame) -> dict:
    return {"columns": list(frame.columns), "rows": frame.values.tolist()}

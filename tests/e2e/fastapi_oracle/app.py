# SPDX-License-Identifier: Apache-2.0
"""The plan's service with its models and routes, and nothing behind them: what FastAPI itself does with a request.

Beside the plan's fields, the models have what Querent documents on top of them: the limits of `query`, and
`sample_rows`; beside its routes there are Querent's own, with their parameters and models. Nothing exists here, so that
what is asked for by its id is 404. Run by test_api_manners.py with uvicorn.
"""
import re
import time
import uuid
from typing import Annotated, Dict, List, Literal, Optional

from fastapi import APIRouter, FastAPI, HTTPException, Query
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field


class AgentConfig(BaseModel):
    dataset_filter: Optional[List[str]] = None
    model: str = "claude-sonnet-4-5-20250929"
    temperature: float = 0
    use_cache: bool = True
    sample_rows: int = Field(10, ge=0, le=1000)


class QueryRequest(BaseModel):
    query: str = Field(..., min_length=1, max_length=4000)
    user_id: str = Field(...)
    conversation_id: Optional[str] = Field(None)
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


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def new_id(prefix):
    return f"{prefix}_{uuid.uuid4().hex[:16]}"


router = APIRouter()


@router.post("/query", response_model=QueryResponse)
async def query_data(request: QueryRequest):
    model = request.agent_config.model if request.agent_config else "claude-sonnet-4-5-20250929"
    return QueryResponse(query_id=new_id("query"), conversation_id=request.conversation_id or new_id("conv"),
                         timestamp=now(), user_id=request.user_id, steps=[], final_response="",
                         sql_query="SELECT 1", data_sample=[], metadata={
                             "execution_time_ms": 1, "selected_dataset": "x", "cache_hits": {}, "model": model})


@router.post("/query/stream")
async def query_stream(request: QueryRequest):
    async def events():
        yield 'data: {"event": "complete", "data": {}}\n\n'
    return StreamingResponse(events(), media_type="text/event-stream")


def missing(kind, prefix, name):
    """Nothing here exists."""
    good = re.fullmatch(f"{prefix}[0-9a-f]{{16}}", name)
    raise HTTPException(404, f"{kind} '{name}' does not exist" if good else
                        f"the {kind} does not exist: its id is not '{prefix}' and 16 digits")


def refuse_cursor(cursor, message):
    """Nothing here has given one."""
    if cursor is not None:
        raise HTTPException(422, message)


def refuse_stream(query_id):
    """/query/stream is a path of its own, which is to be as in the plan."""
    if query_id == "stream":
        raise HTTPException(405, headers={"Allow": "POST"})


@router.get("/query/{query_id}")
async def get_query(query_id: str):
    refuse_stream(query_id)
    missing("run", "query_", query_id)


@router.get("/query/{query_id}/events")
async def query_events(query_id: str):
    missing("run", "query_", query_id)


@router.delete("/query/{query_id}")
async def cancel_query(query_id: str):
    refuse_stream(query_id)
    missing("run", "query_", query_id)


@router.get("/conversations/{user_id}")
async def get_user_conversations(user_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100,
                                 cursor: Optional[str] = None):
    refuse_cursor(cursor, "the cursor is not one that this list has given; without one, it starts anew")
    return {"conversations": [], "next_cursor": None}


@router.get("/conversations/{conversation_id}/messages")
async def get_conversation_messages(conversation_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
                                    cursor: Optional[str] = None):
    refuse_cursor(cursor, "the cursor is not one that this list has given; without one, it starts anew")
    return {"conversation_id": conversation_id, "messages": []}


@router.get("/datasets")
async def list_datasets(limit: Annotated[int, Query(ge=1, le=1000)] = 100,
                        offset: Annotated[int, Query(ge=0, le=100000)] = 0):
    return {"datasets": [], "total": 1}


@router.get("/datasets/{dataset_id}")
async def get_dataset(dataset_id: str):
    raise HTTPException(404, f"dataset '{dataset_id}' does not exist")


class CreateKeyRequest(BaseModel):
    user_id: str = Field(..., min_length=1, max_length=256)
    role: str = Field("user", min_length=1, max_length=64)
    attributes: Optional[Dict[str, str]] = None
    acts_for_others: bool = False
    expires_in_days: Optional[int] = Field(None, ge=1, le=3660)


@router.post("/admin/keys", status_code=201)
async def create_key(request: CreateKeyRequest):
    return {"id": new_id("key"), "key": "qk_", "prefix": "qk_", "user_id": request.user_id, "role": request.role,
            "attributes": request.attributes or {}, "acts_for_others": request.acts_for_others, "created_at": now(),
            "expires_at": request.expires_in_days and now(), "revoked_at": None, "last_used_on": None}


@router.get("/admin/keys")
async def list_keys():
    return {"keys": []}


@router.delete("/admin/keys/{key_id}")
async def revoke_key(key_id: str):
    missing("key", "key_", key_id)


Name = Annotated[Optional[str], Query(min_length=1, max_length=256)]


@router.get("/admin/audit")
async def list_audit(user_id: Name = None, action: Name = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100,
                     cursor: Optional[str] = None):
    refuse_cursor(cursor, "the cursor is not one that a list has given")
    return {"records": [], "next_cursor": None}


Id = Annotated[Optional[str], Field(max_length=256)]


class FeedbackRequest(BaseModel):
    message_id: Id = None
    query_id: Id = None
    conversation_id: Id = None
    user_id: str = Field(..., min_length=1, max_length=256)
    rating: Literal["up", "down"]
    corrected_sql: Optional[str] = Field(None, max_length=16384)
    comment: Optional[str] = Field(None, max_length=4000)


@router.post("/feedback")
async def send_feedback(request: FeedbackRequest):
    if not request.message_id and not request.query_id:
        raise HTTPException(422, "neither message_id nor query_id is given")
    raise HTTPException(404, "the run does not exist")


class IndexRequest(BaseModel):
    datasets: Optional[List[str]] = Field(None, min_length=1, max_length=1000)
    force: bool = False


DATASETS = ["sales"]


@router.post("/admin/index", status_code=202)
async def start_index(request: Optional[IndexRequest] = None):
    for name in request and request.datasets or []:
        if name not in DATASETS:
            raise HTTPException(404, f"dataset '{name}' does not exist; what is new is read without being named")
    return {"job_id": new_id("job"), "kind": "index", "state": "queued", "created_at": now()}


@router.get("/admin/jobs")
async def list_jobs(limit: Annotated[int, Query(ge=1, le=100)] = 20):
    return {"jobs": []}


@router.get("/admin/jobs/{job_id}")
async def get_job(job_id: str):
    missing("job", "job_", job_id)


CacheType = Literal["sql_result", "dataset_selection", "sql_generation", "metadata", "response", "embedding"]


@router.get("/admin/cache/stats")
async def get_cache_stats():
    return {"total_entries": 0, "total_hits": 0, "avg_hit_rate": 0.0, "by_type": {}}


@router.delete("/admin/cache")
async def clear_cache(type: Optional[CacheType] = None, dataset_id: Name = None, expired_only: bool = False):
    return {"status": "cleared", "removed": 0}


class VerifiedSlot(BaseModel):
    name: str = Field(..., min_length=1, max_length=32)
    kind: Literal["text", "number", "date", "period"]
    column: Id = None
    sample: Optional[str] = Field(None, max_length=100)


Variants = Annotated[Optional[List[str]], Field(max_length=50)]
Slots = Annotated[Optional[List[VerifiedSlot]], Field(max_length=8)]
Owner = Annotated[Optional[str], Field(min_length=1, max_length=256)]


class VerifiedQueryCreate(BaseModel):
    question: str = Field(..., min_length=1, max_length=4000)
    sql: str = Field(..., min_length=1, max_length=16384)
    dataset_id: str = Field(..., min_length=1, max_length=256)
    variants: Variants = None
    slots: Slots = None
    owner: Owner = None


class VerifiedQueryUpdate(BaseModel):
    question: Optional[str] = Field(None, min_length=1, max_length=4000)
    sql: Optional[str] = Field(None, min_length=1, max_length=16384)
    dataset_id: Owner = None
    variants: Variants = None
    slots: Slots = None
    owner: Owner = None


class VerifiedQueryApprove(BaseModel):
    owner: Owner = None


def no_verified():
    raise HTTPException(404, "the verified query does not exist")


@router.get("/admin/verified")
async def list_verified(state: Optional[Literal["candidate", "approved", "parked", "retired"]] = None,
                        limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: Optional[str] = None):
    refuse_cursor(cursor, "the cursor is not one that a list has given")
    return {"verified_queries": [], "next_cursor": None}


@router.post("/admin/verified", status_code=201)
async def add_verified(request: VerifiedQueryCreate):
    raise HTTPException(404, f"dataset '{request.dataset_id}' does not exist")


@router.post("/admin/verified/check")
async def check_verified():
    return {"checked": []}


@router.get("/admin/verified/{verified_id}")
async def get_verified(verified_id: str):
    no_verified()


@router.patch("/admin/verified/{verified_id}")
async def edit_verified(verified_id: str, request: VerifiedQueryUpdate):
    no_verified()


@router.post("/admin/verified/{verified_id}/approve")
async def approve_verified(verified_id: str, request: VerifiedQueryApprove):
    no_verified()


@router.post("/admin/verified/{verified_id}/retire")
async def retire_verified(verified_id: str):
    no_verified()


@router.post("/conversations")
async def create_conversation(request: CreateConversationRequest):
    return {"conversation_id": new_id("conv"), "created_at": now()}


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(conversation_id: str):
    return {"status": "deleted", "conversation_id": conversation_id}


app = FastAPI(title="AI Data Agent API", version="1.0.0")
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"], allow_headers=["*"])
app.include_router(router, prefix="/api/v1")


@app.get("/health")
async def health_check():
    return {"status": "healthy", "environment": "development", "version": "1.0.0"}


@app.get("/")
async def root():
    return {"message": "AI Data Agent API", "docs": "/docs", "health": "/health"}


@app.exception_handler(Exception)
async def global_exception_handler(request, exc):
    return JSONResponse(status_code=500, content={"error": "Internal server error", "detail": str(exc)})

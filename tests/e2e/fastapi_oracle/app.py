# SPDX-License-Identifier: Apache-2.0
"""The plan's service with its models and routes, and nothing behind them: what FastAPI itself does with a request.

Beside the plan's fields, the models have what Querent documents on top of them: the limits of `query`, and
`sample_rows`. Run by test_api_manners.py with uvicorn.
"""
import time
import uuid
from typing import Dict, List, Optional

from fastapi import APIRouter, FastAPI
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


@router.get("/conversations/{user_id}")
async def get_user_conversations(user_id: str):
    return {"conversations": []}


@router.get("/conversations/{conversation_id}/messages")
async def get_conversation_messages(conversation_id: str):
    return {"conversation_id": conversation_id, "messages": []}


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

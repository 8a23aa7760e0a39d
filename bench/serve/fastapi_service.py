"""The same factors in numpy behind FastAPI and uvicorn: top k of a user, without what was seen, by genre and age."""

import json
import os
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Query
from fastapi.responses import ORJSONResponse
from safetensors.numpy import load_file

folder = Path(os.environ["MODEL"])
tensors = load_file(folder / "model.safetensors")
user_factors, item_factors = tensors["user_factors"], tensors["item_factors"]
seen_offsets, seen_items = tensors["seen_offsets"], tensors["seen_items"]
popular = tensors["item_viewers"].astype(np.float32)
users = {user: row for row, user in enumerate(json.loads((folder / "users.json").read_text()))}
items = json.loads((folder / "items.json").read_text())
recommendable = np.array([item["recommendable"] for item in items])
genres = np.array([item["program_genre"] for item in items])
ages = np.array([np.nan if item["age_limit"] is None else item["age_limit"] for item in items])

app = FastAPI(default_response_class=ORJSONResponse)


@app.get("/readyz")
def ready():
    return {}


@app.get("/v1/users/{user}/recommendations")
async def recommend(
    user: str,
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    genre: Annotated[list[str] | None, Query()] = None,
    max_age: Annotated[int | None, Query(ge=0)] = None,
):
    row = users.get(user)
    scores = popular.copy() if row is None else item_factors @ user_factors[row]
    allowed = recommendable
    if genre:
        allowed = allowed & np.isin(genres, genre)
    if max_age is not None:
        allowed = allowed & (ages <= max_age)
    scores[~allowed] = -np.inf
    if row is not None:
        scores[seen_items[seen_offsets[row] : seen_offsets[row + 1]]] = -np.inf
    best = np.argpartition(scores, -k)[-k:]
    best = best[np.argsort(-scores[best])]
    return ORJSONResponse(
        {
            "user": user,
            "items": [
                {
                    "program_id": items[i]["program_id"],
                    "program_name": items[i]["program_name"],
                    "genre": items[i]["program_genre"],
                    "age_limit": items[i]["age_limit"],
                    "score": float(scores[i]),
                }
                for i in best
                if scores[i] > -np.inf
            ],
        }
    )

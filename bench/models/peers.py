"""One task of the benchmark of models with a peer: see task.ts. Times are of training or ranking alone, without imports and reading."""

import json
import os
import resource
import sys
import time
import warnings

task = json.loads(sys.argv[1])
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # as implicit's documentation advises: its threads are its own

import numpy as np
import scipy.sparse as sp

warnings.filterwarnings("ignore")
LIST_LENGTH = 20


def numbers(name):
    return np.fromfile(os.path.join(task["data"], name), dtype=np.uint32)


def train_pairs():
    with open(os.path.join(task["data"], "shape.json"), encoding="utf8") as file:
        shape = json.load(file)
    items = numbers("items").astype(np.int32)
    weights = np.ones(len(items), dtype=np.float32)
    return sp.csr_matrix((weights, items, numbers("offsets").astype(np.int32)), shape=(shape["users"], shape["items"]))


def write_lists(pairs, user_factors, item_factors, item_biases=None):
    """The best items of the measured users by the product of factors, without those of training; equal scores by position."""
    measured = numbers("measured")
    lists = np.zeros((len(measured), LIST_LENGTH), dtype=np.uint32)
    for start in range(0, len(measured), 500):
        users = measured[start : start + 500]
        scores = user_factors[users] @ item_factors.T
        if item_biases is not None:
            scores += item_biases
        rows = pairs[users]
        scores[np.repeat(np.arange(len(users)), np.diff(rows.indptr)), rows.indices] = -np.inf
        lists[start : start + len(users)] = np.argsort(-scores, axis=1, kind="stable")[:, :LIST_LENGTH]
    lists.tofile(task["lists"])


def warp(pairs, parameters):
    from lightfm import LightFM

    model = LightFM(
        no_components=parameters["factors"],
        loss="warp",
        learning_rate=parameters["learning_rate"],
        max_sampled=parameters["max_sampled"],
        random_state=1,
    )
    coo = pairs.tocoo()
    stopwatch = Stopwatch()
    model.fit(coo, epochs=parameters["epochs"], num_threads=task["threads"])
    taken = stopwatch.taken()
    write_lists(pairs, model.user_embeddings, model.item_embeddings, model.item_biases)
    return taken


def implicit_model(pairs, parameters):
    from implicit.cpu.als import AlternatingLeastSquares

    # Its loss is ours over a, with a plain penalty: of the size that ours has for the average user.
    alpha = 1 / parameters["unobserved_weight"]
    pairs_a_user = pairs.nnz / pairs.shape[0]
    penalty = parameters["regularization"] * (pairs_a_user + parameters["unobserved_weight"] * pairs.shape[1])
    return AlternatingLeastSquares(
        factors=parameters["factors"],
        alpha=alpha,
        regularization=alpha * penalty,
        iterations=parameters["iterations"],
        num_threads=task["threads"],
        random_state=1,
    )


def ials(pairs, parameters):
    model = implicit_model(pairs, parameters)
    stopwatch = Stopwatch()
    model.fit(pairs, show_progress=False)
    taken = stopwatch.taken()
    write_lists(pairs, model.user_factors, model.item_factors)
    return taken


def irspack_ials(pairs, parameters):
    from irspack.recommenders import IALSRecommender

    model = IALSRecommender(
        pairs,
        n_components=parameters["factors"],
        alpha0=parameters["unobserved_weight"],
        reg=parameters["regularization"],
        solver_type="CG",
        max_cg_steps=3,
        n_threads=task["threads"],
        train_epochs=parameters["iterations"],
        random_seed=1,
    )
    stopwatch = Stopwatch()
    with open(os.devnull, "w", encoding="utf8") as nowhere:
        shown, sys.stdout = sys.stdout, nowhere
        model.learn()
        sys.stdout = shown
    taken = stopwatch.taken()
    write_lists(pairs, model.get_user_embedding(), model.get_item_embedding())
    return taken


def topk(pairs, parameters):
    model = implicit_model(pairs, {**parameters, "iterations": 1, "unobserved_weight": 0.1, "regularization": 0.01})
    random = np.random.default_rng(1)
    model.user_factors = random.normal(size=(pairs.shape[0], parameters["factors"])).astype(np.float32)
    model.item_factors = random.normal(size=(pairs.shape[1], parameters["factors"])).astype(np.float32)
    users = np.arange(pairs.shape[0])
    model.recommend(users[:100], pairs[:100], N=10)
    stopwatch = Stopwatch()
    model.recommend(users, pairs, N=10, filter_already_liked_items=True)
    return stopwatch.taken()


class Stopwatch:
    """Seconds since it was made, of the clock and of the processor, all threads together."""

    def __init__(self):
        self.started = (time.perf_counter(), time.process_time())

    def taken(self):
        return {
            "seconds": time.perf_counter() - self.started[0],
            "cpuSeconds": time.process_time() - self.started[1],
        }


def main():
    pairs = train_pairs()
    run = {"warp": warp, "ials": ials, "irspack-ials": irspack_ials, "topk": topk}[task["kind"]]
    taken = run(pairs, task["parameters"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps({**taken, "peakRssMiB": round(peak)}))


main()

"""scikit-learn's exact nearest neighbours on answers, as the first version used them.

Arguments: a folder, the number of questions, and optionally "clear". Reads rows of bytes: sample.u8 (answers), labels.u8 and
queries.u8 (answers); writes predictions.u8, a label a query, and where asked for clear.u8: 1 where the answer is no matter of order.
"""
import sys
from pathlib import Path

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

NEIGHBOURS = 10

folder, width = Path(sys.argv[1]), int(sys.argv[2])
sample = np.fromfile(folder / "sample.u8", dtype=np.uint8).reshape(-1, width).astype(np.float64)
labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)
queries = np.fromfile(folder / "queries.u8", dtype=np.uint8).reshape(-1, width).astype(np.float64)

model = KNeighborsClassifier(n_neighbors=NEIGHBOURS, algorithm="brute").fit(sample, labels)
model.predict(queries).astype(np.uint8).tofile(folder / "predictions.u8")


def is_clear(query):
    """Rows as far away as the tenth neighbour agree on the label, and no other label has as many votes as the winner."""
    distance = ((sample - query) ** 2).sum(axis=1)
    farthest = np.partition(distance, NEIGHBOURS - 1)[NEIGHBOURS - 1]
    if len(set(labels[distance == farthest])) > 1:
        return False
    inside = labels[distance < farthest]
    at_the_edge = np.full(NEIGHBOURS - len(inside), labels[distance == farthest][0])
    votes = np.sort(np.bincount(np.concatenate([inside, at_the_edge]), minlength=2))
    return votes[-1] > votes[-2]


if len(sys.argv) > 3:
    np.array([is_clear(query) for query in queries], dtype=np.uint8).tofile(folder / "clear.u8")

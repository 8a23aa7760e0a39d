"""The same preprocessing elsewhere: `duckdb` runs the very SQL, `pandas` does it the old way. Prints seconds and peak memory as JSON."""
import json, resource, sys, time

peer, folder, memory_mib = sys.argv[1:4]
given = json.load(open(f"{folder}/peer.json"))
start = time.perf_counter()
if peer == "duckdb":
    import duckdb

    start = time.perf_counter()
    db = duckdb.connect(":memory:", config={"memory_limit": f"{memory_mib}MiB", "threads": 2, "temp_directory": f"{folder}/peer-spill"})
    for statement in given["statements"]:
        db.execute(statement)
    rows = db.execute("select count(*) from pairs").fetchone()[0]
else:
    import numpy as np, pandas as pd

    start = time.perf_counter()
    read = lambda table: pd.concat([pd.read_parquet(path) for path in given["paths"][table]], ignore_index=True)
    vods, conts = read("vods_sumut"), read("contlog")
    for log in (vods, conts):
        log["log_dt"] = pd.to_datetime(log.log_dt)
        for column in ("subsr_id", "program_id"):
            log[column] = pd.to_numeric(log[column])
    vods, conts = vods[vods.e_bool == 0].copy(), conts[conts.e_bool == 0].copy()
    vods["ratio"] = vods.use_tms / vods.disp_rtm_sec
    vods = vods[np.isfinite(vods.ratio)]
    conts["recency"] = (conts.log_dt.max() - conts.log_dt).dt.days
    key = ["subsr_id", "program_id"]
    pairs = pd.concat([vods[key], conts[key]]).drop_duplicates().reset_index(drop=True)
    for frame, column, how, name in (
        (conts, "program_name", "count", "click_cnt"),
        (conts, "recency", "min", "click_recency"),
        (vods, "ratio", "max", "watch_tms_max"),
        (vods, "ratio", "count", "watch_cnt"),
    ):
        pairs = pairs.merge(frame.groupby(key)[[column]].agg(how).reset_index().rename(columns={column: name}), how="left")
    for name in ("click_cnt", "watch_cnt"):
        pairs[name] = pairs[name].clip(upper=pairs[name].quantile(0.95))
    pairs["rating"] = pairs.watch_tms_max
    pairs.sort_values(key).to_parquet(f"{folder}/peer-pandas.parquet")
    rows = len(pairs)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peakRssMib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "rows": int(rows)}))

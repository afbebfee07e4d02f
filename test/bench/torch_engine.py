"""The benchmark's PyTorch engine: speaks the line protocol of src/bench/protocol.ts on standard input and
output. MMP_THREADS holds the number of threads."""
import json
import math
import os
import pathlib
import re
import sys
import time

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from torch_mmp import Mmp, alignment_loss, load
from torch_small_vilt import SmallVilt

EVALUATION_BATCH = 64


def resident_peak():
    """Bytes; None on systems other than Linux."""
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return None
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)[1]) * 1024


def load_task(folder):
    """Returns the function that runs one step and returns its value."""
    folder = pathlib.Path(folder)
    task = json.loads((folder / "task.json").read_text())
    inputs = load_file(folder / "inputs.safetensors")
    base, mmp = task["base"] and SmallVilt(task["base"]), task["mmp"] and Mmp(task["mmp"])
    if base:
        load(base, folder / "base.safetensors")
    if mmp:
        load(mmp, folder / "mmp.safetensors")
    if task["objective"] == "evaluation":
        return evaluation(task, base, mmp, inputs)
    return training(task, base, mmp, inputs)


def training(task, base, mmp, inputs):
    labels = inputs.pop("labels").long() if "labels" in inputs else None
    masked = task["masked"]

    def loss_of():
        if base is None:
            return alignment_loss(inputs, mmp(inputs, masked))
        if mmp is None:
            blank = {name: torch.zeros_like(x) if name in masked else x for name, x in inputs.items()}
            return F.cross_entropy(base.fuse(base.tokens(blank)), labels)
        tokens = base.tokens(inputs)
        projected = mmp(tokens, masked)
        task_loss = F.cross_entropy(base.fuse({**tokens, **projected}), labels)
        return task_loss + task["alignmentWeight"] * alignment_loss(tokens, projected)

    networks = [network for network in (base, mmp) if network]
    settings = task["optimiser"]
    optimiser = settings and adamw(networks, mmp, settings)

    def step():
        for network in networks:
            network.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        if optimiser:
            optimiser.step()
        return loss.item()

    return step


def adamw(networks, mmp, settings):
    """Decay for parameters with more than one axis only, as the workbook has it."""
    groups = []
    for network in networks:
        rate = settings["rate"] * (settings["mmpRate"] if network is mmp else 1)
        for decays in (True, False):
            chosen = [p for p in network.parameters() if (p.ndim > 1) == decays]
            decay = settings["weightDecay"] if decays else 0.0
            groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    # The default where there is a GPU; on a CPU it has to be asked for.
    return torch.optim.AdamW(groups, foreach=True)


def evaluation(task, base, mmp, inputs):
    available = {name: x for name, x in inputs.items() if name not in task["masked"]}
    count = len(next(iter(available.values())))

    @torch.inference_mode()
    def step():
        rows = []
        for start in range(0, count, EVALUATION_BATCH):
            batch = {name: x[start : start + EVALUATION_BATCH] for name, x in available.items()}
            tokens = base.tokens(batch)
            rows.append(base.fuse({**tokens, **mmp(tokens, task["masked"])}))
        return torch.cat(rows).square().mean().item()

    return step


def timed(step):
    begin = time.perf_counter()
    value = step()
    milliseconds = (time.perf_counter() - begin) * 1e3
    if not math.isfinite(value):
        raise ValueError(f"the loss is {value}")
    return {"milliseconds": milliseconds, "value": value, "residentPeakBytes": resident_peak()}


def profiled(step):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        milliseconds = timed(step)["milliseconds"]
    by_kernel = [
        {"name": event.key, "calls": event.count, "milliseconds": event.self_cpu_time_total / 1e3}
        for event in profile.key_averages()
    ]
    # Operations call one another, so that their number says little beside TF.js's kernels.
    return {"milliseconds": milliseconds, "kernels": None, "peakTensors": None, "peakBytes": None, "byKernel": by_kernel}


def reply(message):
    print(json.dumps(message), flush=True)


def main():
    torch.set_num_threads(int(os.environ["MMP_THREADS"]))
    device = f"CPU, {torch.backends.cpu.get_cpu_capability()}"
    reply({"threads": torch.get_num_threads(), "device": device, "version": f"PyTorch {torch.__version__}"})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "close":
            break
        try:
            if request["do"] == "prepare":
                step = load_task(request["task"])
                reply({"residentPeakBytes": resident_peak()})
            else:
                reply(timed(step) if request["do"] == "step" else profiled(step))
        except Exception as error:
            reply({"error": f"{type(error).__name__}: {error}"})


main()

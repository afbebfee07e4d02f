"""The benchmark's PyTorch engine: speaks the line protocol of src/bench/protocol.ts on standard input and
output. Its argument is the device, cpu or cuda; MMP_THREADS holds the number of threads."""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time
from functools import partial

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from torch_cmnext import Cmnext
from torch_mmp import Mmp, alignment_loss, load
from torch_small_vilt import SmallVilt

EVALUATION_BATCH = 64
IGNORED_LABEL = 255
DEVICE = torch.device(sys.argv[1])
ON_GPU = DEVICE.type == "cuda"


def resident_peak():
    """Bytes; None on systems other than Linux."""
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return None
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)[1]) * 1024


def load_task(folder):
    """Returns the function that queues one step and returns its value, which is still on the device, and whether
    steps may follow one another before the value is read."""
    folder = pathlib.Path(folder)
    task = json.loads((folder / "task.json").read_text())
    inputs = load_file(folder / "inputs.safetensors")
    base, mmp = load_base(task, folder / "base.safetensors"), task["mmp"] and Mmp(task["mmp"])
    if base:
        base.to(DEVICE)
    if mmp:
        load(mmp, folder / "mmp.safetensors")
        mmp.to(DEVICE)
    if task["objective"] == "evaluation":
        return evaluation(task, base, mmp, inputs), False
    if task["objective"] == "segmentation":
        # In memory colours come last, as in the workbook. On a CPU PyTorch trains so in two thirds of the time, if
        # weights lie so, too.
        inputs = {name: x.permute(0, 3, 1, 2) if x.ndim == 4 else x for name, x in inputs.items()}
        if ON_GPU:
            inputs = {name: x.contiguous() for name, x in inputs.items()}
        else:
            base.to(memory_format=torch.channels_last)
    on_device = {name: x.to(DEVICE) for name, x in inputs.items()}
    return training(task, base, mmp, on_device), task["optimiser"] is not None


def load_base(task, file):
    if "cmnext" in task:
        # Engines draw differently.
        base = Cmnext(task["cmnext"], drop_path=0, dropout=0)
        counted = {name: x for name, x in base.state_dict().items() if name.endswith("num_batches_tracked")}
        # Nothing is computed of those, and they may be absent.
        base.load_state_dict(counted | load_file(file))
        return base
    base = task["base"] and SmallVilt(task["base"])
    if base:
        load(base, file)
    return base


def training(task, base, mmp, inputs):
    labels = inputs.pop("labels").long() if "labels" in inputs else None
    masked = task["masked"]
    fuse, task_loss = base and base.fuse, F.cross_entropy
    if task["objective"] == "segmentation":
        fuse = partial(base.fuse, size=tuple(labels.shape[1:]))
        task_loss = partial(F.cross_entropy, ignore_index=IGNORED_LABEL)

    def loss_of():
        if base is None:
            return alignment_loss(inputs, mmp(inputs, masked))
        if mmp is None:
            blank = {name: torch.zeros_like(x) if name in masked else x for name, x in inputs.items()}
            return task_loss(fuse(base.tokens(blank)), labels)
        tokens = base.tokens(inputs)
        projected = mmp(tokens, masked)
        alignment = alignment_loss(tokens, projected)
        return task_loss(fuse({**tokens, **projected}), labels) + task["alignmentWeight"] * alignment

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
        return loss.detach()

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
            # As in the workbook, samples come from the program's memory batch by batch.
            batch = {name: x[start : start + EVALUATION_BATCH].to(DEVICE) for name, x in available.items()}
            tokens = base.tokens(batch)
            rows.append(base.fuse({**tokens, **mmp(tokens, task["masked"])}))
        return torch.cat(rows).square().mean()

    return step


def synchronize():
    """Waits for all that the GPU has been told to do."""
    if ON_GPU:
        torch.cuda.synchronize()


def clocked(action):
    """Milliseconds until everything is computed and read, and what the action returns: finite values."""
    synchronize()
    begin = time.perf_counter()
    values = action()
    synchronize()
    milliseconds = (time.perf_counter() - begin) * 1e3
    for value in values:
        if not math.isfinite(value):
            raise ValueError(f"the loss is {value}")
    return milliseconds, values


def timed(step):
    milliseconds, [value] = clocked(lambda: [step().item()])
    return {"milliseconds": milliseconds, "value": value, "residentPeakBytes": resident_peak()}


def queued(step, count):
    """Steps one after another, their losses read together in the end."""
    milliseconds, values = clocked(lambda: torch.stack([step() for _ in range(count)]).tolist())
    return {"milliseconds": milliseconds, "values": values}


def profiled(step):
    activity = torch.profiler.ProfilerActivity
    if not ON_GPU:
        with torch.profiler.profile(activities=[activity.CPU]) as profile:
            milliseconds = timed(step)["milliseconds"]
        by_kernel = [kernel(event, event.self_cpu_time_total) for event in profile.key_averages()]
        # Operations call one another, so that their number says little beside TF.js's kernels.
        return profile_of(milliseconds, None, None, by_kernel)
    torch.cuda.reset_peak_memory_stats()
    with torch.profiler.profile(activities=[activity.CPU, activity.CUDA]) as profile:
        milliseconds = timed(step)["milliseconds"]
    # Kernels, and no names that span several, such as that of an optimiser's step.
    on_device = [
        event
        for event in profile.key_averages()
        if event.device_type == torch.autograd.DeviceType.CUDA and not event.is_user_annotation
    ]
    by_kernel = [kernel(event, event.self_device_time_total) for event in on_device]
    calls = sum(event.count for event in on_device)
    return profile_of(milliseconds, calls, torch.cuda.max_memory_allocated(), by_kernel)


def kernel(event, microseconds):
    return {"name": event.key, "calls": event.count, "milliseconds": microseconds / 1e3}


def profile_of(milliseconds, kernels, peak_bytes, by_kernel):
    return {
        "milliseconds": milliseconds,
        "kernels": kernels,
        "peakTensors": None,
        "peakBytes": peak_bytes,
        "byKernel": by_kernel,
    }


def driver_version():
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, check=True, text=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe():
    """@raises RuntimeError when the device cannot be used"""
    description = {"threads": torch.get_num_threads(), "version": f"PyTorch {torch.__version__}"}
    if not ON_GPU:
        return {**description, "hardware": "cpu", "device": f"CPU, {torch.backends.cpu.get_cpu_capability()}"}
    if torch.version.cuda is None:
        raise RuntimeError(f"PyTorch {torch.__version__} is built without CUDA")
    torch.zeros(1, device=DEVICE)
    # Both sides compute in float32; TF32 has 10 bits of mantissa.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    name = torch.cuda.get_device_name(DEVICE)
    device = f"GPU: {name}, driver {driver_version()}, CUDA {torch.version.cuda}, float32 without TF32"
    return {**description, "hardware": "gpu nvidia", "device": device}


def reply(message):
    print(json.dumps(message), flush=True)


def reply_error(error):
    reply({"error": f"{type(error).__name__}: {error}"})


def main():
    torch.set_num_threads(int(os.environ["MMP_THREADS"]))
    if not torch.backends.nnpack.is_available():
        # Otherwise every convolution asks again, and says so.
        torch.backends.nnpack.set_flags(False)
    try:
        reply(describe())
    except Exception as error:
        reply_error(error)
        return
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "close":
            break
        try:
            if request["do"] == "prepare":
                step, queues = load_task(request["task"])
                synchronize()
                reply({"residentPeakBytes": resident_peak(), "queues": queues})
            elif request["do"] == "queue":
                reply(queued(step, request["steps"]))
            else:
                reply(timed(step) if request["do"] == "step" else profiled(step))
        except Exception as error:
            reply_error(error)


main()

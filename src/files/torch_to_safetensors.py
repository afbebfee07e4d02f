"""Converts a file of torch.save: python torch_to_safetensors.py FILE OUTPUT

Takes a state dict, also one under "state_dict" (Lightning) or "model"; a tensor by itself becomes "table".
Numbers become float32, int32 or uint8, which are what src/files/safetensors.ts reads. Prints how many tensors
there are; says on one line of stderr what is wrong.
"""

import os
import pathlib
import pickle
import re
import sys

import torch
from safetensors.torch import save_file

whole_numbers = (torch.int8, torch.int16, torch.int32, torch.int64)


def load(file):
    """What was saved. Classes and functions are never loaded, so nothing of the file is run."""
    try:
        return torch.load(file, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        # torch has no error of its own for this, only these words.
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        if foreign:
            sys.exit(f"{file} is refused: it asks for {foreign[1]}, and weights need no such code")
        sys.exit(f"{file} is not a file of weights that PyTorch wrote")
    except Exception as error:
        reason = str(error).split(". ")[0] or "it ends too early"
        sys.exit(f"{file} is not a whole file of PyTorch: {reason}")


def tensors_of(saved):
    """Tensors by name."""
    if isinstance(saved, torch.Tensor):
        return {"table": saved}
    if not isinstance(saved, dict):
        return {}
    inner = next((saved[key] for key in ("state_dict", "model") if isinstance(saved.get(key), dict)), saved)
    return {str(name): value for name, value in inner.items() if isinstance(value, torch.Tensor)}


def readable(name, tensor):
    """A copy of its own, with numbers that can be read."""
    if tensor.is_floating_point():
        wanted = torch.float32
    elif tensor.dtype in whole_numbers:
        wanted = torch.int32
    elif tensor.dtype in (torch.bool, torch.uint8):
        wanted = torch.uint8
    else:
        sys.exit(f'{file}: "{name}" has numbers of {tensor.dtype}, which cannot be converted')
    converted = tensor.detach().to(wanted, copy=True).contiguous()
    if wanted == torch.int32 and not torch.equal(converted.to(tensor.dtype), tensor):
        sys.exit(f'{file}: "{name}" has whole numbers that do not fit into 32 bits')
    return converted


file, output = sys.argv[1], pathlib.Path(sys.argv[2])
found = tensors_of(load(file))
if not found:
    sys.exit(f"{file} holds no tensors")
converted = {name: readable(name, tensor) for name, tensor in found.items()}
partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
try:
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        save_file(converted, partial)
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)
except Exception as error:
    sys.exit(f"cannot write {output}: {error}")
print(len(converted))

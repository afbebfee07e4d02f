"""Masked Modality Projection in PyTorch: the equations of the method, plainly. Parameters have the names of
the workbook's; `load` brings its weights, which are [in, out], into nn.Linear, whose are [out, in]."""
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F


# Names that Python or nn.Module has taken.
RENAMED = {"class": "class_token", "type": "modality_type"}


def load(module, file):
    """Overwrites every parameter from a safetensors file; names and shapes must be exactly the module's."""
    state = {
        ".".join(RENAMED.get(part, part) for part in name.split(".")): value
        for name, value in load_file(file).items()
    }
    for name, child in module.named_modules():
        if isinstance(child, nn.Linear):
            state[f"{name}.weight"] = state[f"{name}.weight"].T
    module.load_state_dict(state)


class CrossAttention(nn.Module):
    """softmax(QKᵀ/√d_h)·V, with the query input added to the output where `residual` is set (D7)."""

    def __init__(self, width, heads, residual=False):
        super().__init__()
        self.heads, self.residual = heads, residual
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, queries, keys):
        """queries [B, Tq, d], or [Tq, d] for the same in the whole batch; keys [B, Tk, d]; returns [B, Tq, d]."""
        query, key, value = (
            x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
            for x in (self.query(queries), self.key(keys), self.value(keys))
        )
        query = query.expand(len(keys), -1, -1, -1)
        mixed = F.scaled_dot_product_attention(query, key, value)
        output = self.output(mixed.transpose(1, 2).flatten(2))
        return output + queries if self.residual else output


class Projection(nn.Module):
    """Eq. 6."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, concatenated):
        return self.output(F.gelu(self.hidden(concatenated)))


class Mmp(nn.Module):
    """Eq. 1 to 6 with refine 'tokens', from the configuration of a task."""

    def __init__(self, config):
        super().__init__()
        if config["refine"] != "tokens" or config["preNorm"]:
            raise ValueError("only refine 'tokens' without preNorm is written here")
        d = config["width"]
        shapes = {modality["name"]: modality for modality in config["modalities"]}
        self.names = list(shapes)

        def attentions():
            heads, residual = config["heads"], config["residual"]
            return nn.ModuleDict({name: CrossAttention(d, heads, residual) for name in shapes})

        questions = {name: nn.Parameter(torch.zeros(config["aggregated"], d)) for name in shapes}
        self.aggregated = nn.ParameterDict(questions)
        other_width = {name: shape for name, shape in shapes.items() if shape["width"] != d}
        self.input = nn.ModuleDict({name: nn.Linear(shape["width"], d) for name, shape in other_width.items()})
        self.restore = nn.ModuleDict({name: nn.Linear(d, shape["width"]) for name, shape in other_width.items()})
        self.aggregate, self.relate, self.refine = attentions(), attentions(), attentions()
        self.resample = nn.ModuleDict()
        for i, source in shapes.items():
            layers = {
                m: nn.Linear(source["tokens"], target["tokens"])
                for m, target in shapes.items()
                if m != i and source["tokens"] != target["tokens"]
            }
            if layers:
                self.resample[i] = nn.ModuleDict(layers)
        joined = (len(shapes) - 1) * d
        self.project = nn.ModuleDict({name: Projection(joined, config["hidden"], d) for name in shapes})

    def forward(self, tokens, masked):
        """The projected tokens of each masked modality, from the tokens of the available ones."""
        common = {
            i: self.input[i](tokens[i]) if i in self.input else tokens[i]
            for i in self.names
            if i not in masked
        }
        summaries = {i: self.aggregate[i](self.aggregated[i], x) for i, x in common.items()}
        return {m: self.project_one(m, common, summaries) for m in masked}

    def project_one(self, m, common, summaries):
        slots = {}
        for i, x in common.items():
            related = self.relate[m](self.aggregated[m], summaries[i])
            refined = self.refine[m](x, related)
            if i in self.resample and m in self.resample[i]:
                refined = self.resample[i][m](refined.transpose(1, 2)).transpose(1, 2)
            slots[i] = refined
        empty = torch.zeros_like(next(iter(slots.values())))
        concatenated = torch.cat([slots.get(i, empty) for i in self.names if i != m], -1)
        projected = self.project[m](concatenated)
        return self.restore[m](projected) if m in self.restore else projected


def alignment_loss(tokens, projected):
    """Eq. 7; the target is not differentiated (D5)."""
    losses = [F.smooth_l1_loss(predicted, tokens[m].detach()) for m, predicted in projected.items()]
    return torch.stack(losses).mean()

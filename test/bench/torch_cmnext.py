"""CMNeXt (Zhang et al. 2023) in PyTorch, written from its description, with the parameter names of DELIVER's code, so
that a state dict of one loads into the other. Pictures are [B, 3, H, W] here, maps [B, C, h, w], tokens [B, h·w, C]."""
import math

import torch
from torch import nn
from torch.nn import functional as F

HIDDEN = 4  # The width inside the perceptrons of the first modality's blocks, in widths
AUXILIARY_HIDDEN = (8, 8, 4, 4)  # and in those of the others' by stage
POOLS = (3, 7, 11)
KERNELS, STRIDES = (7, 3, 3, 3), (4, 2, 2, 2)  # Of the convolutions that begin a stage


def to_tokens(x):
    return x.flatten(2).transpose(1, 2)


def to_map(tokens, grid):
    return tokens.transpose(1, 2).unflatten(2, grid)


def pooled(x):
    """The means and the maxima of a map, [B, C] each; the gradient of a maximum goes to one place, also where several
    are as large."""
    return x.mean((2, 3)), F.adaptive_max_pool2d(x, 1).flatten(1)


class DropPath(nn.Module):
    """In training, leaves out a residual branch of a sample with the given probability."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand((len(x),) + (1,) * (x.ndim - 1), device=x.device) >= self.rate
        return x * kept / (1 - self.rate)


class MapNorm(nn.LayerNorm):
    """Layer normalisation of a map's channels."""

    def __init__(self, width):
        super().__init__(width, eps=1e-6)

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Depthwise(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, x):
        return self.dwconv(x)


class PatchEmbed(nn.Module):
    """A map to tokens of the first modality."""

    def __init__(self, inputs, width, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(inputs, width, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        """Returns tokens, and how they lie: (h, w)."""
        x = self.proj(x)
        return self.norm(to_tokens(x)), tuple(x.shape[2:])


class Attention(nn.Module):
    """Self-attention to a map that a convolution has made smaller."""

    def __init__(self, width, heads, ratio):
        super().__init__()
        self.heads, self.ratio = heads, ratio
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        if ratio > 1:
            self.sr = nn.Conv2d(width, width, ratio, ratio)
            self.norm = nn.LayerNorm(width)

    def forward(self, x, grid):
        source = self.norm(to_tokens(self.sr(to_map(x, grid)))) if self.ratio > 1 else x
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (self.q(x), *self.kv(source).chunk(2, 2))
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class MixFfn(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dwconv = Depthwise(hidden)

    def forward(self, x, grid):
        return self.fc2(F.gelu(to_tokens(self.dwconv(to_map(self.fc1(x), grid)))))


class Block(nn.Module):
    """A block of the first modality."""

    def __init__(self, width, heads, ratio, drop_path):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, ratio)
        self.mlp = MixFfn(width, HIDDEN * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x, grid):
        x = x + self.drop_path(self.attn(self.norm1(x), grid))
        return x + self.drop_path(self.mlp(self.norm2(x), grid))


class PoolingAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv0 = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.conv4 = nn.Conv2d(width, width, 1)

    def forward(self, x):
        local = self.conv0(x)
        means = [F.avg_pool2d(local, size, 1, size // 2, count_include_pad=False) for size in POOLS]
        return torch.sigmoid(self.conv4(local + sum(means))) * x + x


class MapMlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(width, hidden, 1), nn.Conv2d(hidden, width, 1)
        self.dwconv = Depthwise(hidden)

    def forward(self, x):
        return self.fc2(F.gelu(self.dwconv(self.fc1(x))))


class AuxiliaryBlock(nn.Module):
    """A block of what the other modalities have become: parallel pooling, and channels weighted by their neighbours."""

    def __init__(self, width, hidden, drop_path):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.attn = PoolingAttention(width)
        self.mlp = MapMlp(width, hidden)
        self.c_nets = nn.Sequential(nn.Conv1d(1, 1, 3, padding=1, bias=False), nn.Sigmoid())
        self.layer_scale_1 = nn.Parameter(torch.full((width,), 1e-2))
        self.layer_scale_2 = nn.Parameter(torch.full((width,), 1e-2))
        self.drop_path = DropPath(drop_path)

    def forward(self, x):
        x = x + self.drop_path(self.layer_scale_1[:, None, None] * self.attn(self.norm1(x)))
        channels = self.c_nets(x.mean((2, 3))[:, None])[:, 0, :, None, None]
        # The branch starts from x as it is; what it is added to is weighted.
        return channels * x + self.drop_path(self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x)))


class Shared(nn.Module):
    """The same layer for every modality but the first."""

    def __init__(self, layer):
        super().__init__()
        self.module = layer

    def forward(self, xs):
        return [self.module(x) for x in xs]


class NormEach(nn.Module):
    def __init__(self, width, count):
        super().__init__()
        for index in range(count):
            self.add_module(f"ln_{index}", MapNorm(width))

    def forward(self, xs):
        return [norm(x) for norm, x in zip(self.children(), xs)]


class Downsample(nn.Module):
    """Maps of the other modalities to those of the next stage."""

    def __init__(self, inputs, width, kernel, stride, count):
        super().__init__()
        self.proj = Shared(nn.Conv2d(inputs, width, kernel, stride, kernel // 2))
        self.norm = NormEach(width, count)

    def forward(self, xs):
        return self.norm(self.proj(xs))


class ScoreEach(nn.Module):
    """Weighs each modality's places by a score of its own."""

    def __init__(self, width, count):
        super().__init__()
        nets = (
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, 1, 1), nn.Sigmoid())
            for _ in range(count)
        )
        self.score_nets = nn.ModuleList(nets)

    def forward(self, xs):
        return [net(x) * x + x for net, x in zip(self.score_nets, xs)]


class ChannelWeights(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(4 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 2 * width), nn.Sigmoid()
        )

    def forward(self, both):
        """both [B, 2C, h, w]; returns weights of the first and of the second, [B, C, 1, 1] each."""
        return self.mlp(torch.cat(pooled(both), 1))[:, :, None, None].chunk(2, 1)


class SpatialWeights(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(2 * width, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1), nn.Sigmoid())

    def forward(self, both):
        """both [B, 2C, h, w]; returns weights of the first and of the second, [B, 1, h, w] each."""
        return self.mlp(both).chunk(2, 1)


class Rectification(nn.Module):
    """Feature rectification: each map takes from the other what its channels' and its places' weights say."""

    def __init__(self, width):
        super().__init__()
        self.channel_weights, self.spatial_weights = ChannelWeights(width), SpatialWeights(width)

    def forward(self, x1, x2):
        both = torch.cat([x1, x2], 1)
        of_first, of_second = (
            (channel + place) / 2 for channel, place in zip(self.channel_weights(both), self.spatial_weights(both))
        )
        return x1 + of_second * x2, x2 + of_first * x1


class Context(nn.Module):
    """Softmax over the rows of KᵀV, by head, for each of two streams."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.kv1 = nn.Linear(width, 2 * width, bias=False)
        self.kv2 = nn.Linear(width, 2 * width, bias=False)

    def forward(self, u1, u2):
        """Tokens [B, N, C] of each stream, asked what the other has."""
        q1, q2 = self.split(u1), self.split(u2)
        context1, context2 = self.context(self.kv1(u1)), self.context(self.kv2(u2))
        return (q1 @ context2).transpose(1, 2).flatten(2), (q2 @ context1).transpose(1, 2).flatten(2)

    def split(self, x):
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def context(self, kv):
        key, value = (self.split(part) for part in kv.chunk(2, 2))
        return (key.transpose(2, 3) @ value / math.sqrt(key.shape[3])).softmax(2)


class CrossPath(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.channel_proj1, self.channel_proj2 = nn.Linear(width, 2 * width), nn.Linear(width, 2 * width)
        self.cross_attn = Context(width, heads)
        self.end_proj1, self.end_proj2 = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x1, x2):
        y1, u1 = self.channel_proj1(x1).relu().chunk(2, 2)
        y2, u2 = self.channel_proj2(x2).relu().chunk(2, 2)
        v1, v2 = self.cross_attn(u1, u2)
        out1 = self.norm1(x1 + self.end_proj1(torch.cat([y1, v1], 2)))
        out2 = self.norm2(x2 + self.end_proj2(torch.cat([y2, v2], 2)))
        return out1, out2


class ChannelEmbed(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.residual = nn.Conv2d(inputs, width, 1, bias=False)
        self.channel_embed = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.Conv2d(width, width, 3, padding=1, groups=width),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
        )
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.norm(self.residual(x) + self.channel_embed(x))


class Fusion(nn.Module):
    """Feature fusion: two maps to one."""

    def __init__(self, width, heads):
        super().__init__()
        self.cross = CrossPath(width, heads)
        self.channel_emb = ChannelEmbed(2 * width, width)

    def forward(self, x1, x2):
        grid = tuple(x1.shape[2:])
        return self.channel_emb(to_map(torch.cat(self.cross(to_tokens(x1), to_tokens(x2)), 2), grid))


def reinterpreted(x):
    """What DELIVER's code makes of a map where there are three modalities or more: its memory is read as if channels
    came last, and the axes are put back. Weights trained with it need it."""
    batch, channels, height, width = x.shape
    return x.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


class Backbone(nn.Module):
    def __init__(self, config, drop_path, slip):
        super().__init__()
        widths, depths, heads = config["embed_dims"], config["depths"], config["heads"]
        self.count, self.slip = len(config["modalities"]) - 1, slip and len(config["modalities"]) > 2
        # From 0 in the first block of all to `drop_path` in the last; a block of each branch has the same.
        rates = iter([drop_path * block / (sum(depths) - 1) for block in range(sum(depths))])
        inputs = [3, *widths[:-1]]
        ends = list(zip(inputs, widths, KERNELS, STRIDES))
        for stage, (width, end) in enumerate(zip(widths, ends)):
            stage_rates = [next(rates) for _ in range(depths[stage])]
            ratio = config["sr_ratios"][stage]
            blocks = (Block(width, heads[stage], ratio, rate) for rate in stage_rates)
            self.add_module(f"patch_embed{stage + 1}", PatchEmbed(*end))
            self.add_module(f"block{stage + 1}", nn.ModuleList(blocks))
            self.add_module(f"norm{stage + 1}", nn.LayerNorm(width))
            if self.count > 0:
                hidden = AUXILIARY_HIDDEN[stage] * width
                others = (AuxiliaryBlock(width, hidden, rate) for rate in stage_rates)
                self.add_module(f"extra_block{stage + 1}", nn.ModuleList(others))
                self.add_module(f"extra_norm{stage + 1}", MapNorm(width))
        if self.count > 0:
            self.extra_downsample_layers = nn.ModuleList(Downsample(*end, self.count) for end in ends)
            self.FRMs = nn.ModuleList(Rectification(width) for width in widths)
            self.FFMs = nn.ModuleList(Fusion(width, head) for width, head in zip(widths, heads))
        if self.count > 1:
            self.extra_score_predictor = nn.ModuleList(ScoreEach(width, self.count) for width in widths)

    def part(self, name, stage):
        return getattr(self, f"{name}{stage + 1}")

    def features(self, tokens, others, grid):
        """From the tokens of the first modality and the maps of the others, as stage 1 begins, the fused maps of all
        stages."""
        fused = []
        for stage in range(4):
            if stage > 0:
                tokens, grid = self.part("patch_embed", stage)(x)
                others = self.extra_downsample_layers[stage](others) if others else others
            for block in self.part("block", stage):
                tokens = block(tokens, grid)
            x = to_map(self.part("norm", stage)(tokens), grid)
            if not others:
                fused.append(x)
                continue
            x, others, out = self.joined(x, others, stage)
            fused.append(out)
        return fused

    def joined(self, x, others, stage):
        """The maps that go into the next stage, of the first modality and of the others, and the fused one."""
        if self.count > 1:
            others = self.extra_score_predictor[stage](others)
        # Of equal ones the gradient goes to the first, or is shared: nothing depends on which.
        hub = others[0] if self.count == 1 else torch.stack(others).amax(0)
        for block in self.part("extra_block", stage):
            hub = block(hub)
        x, hub = self.FRMs[stage](x, self.part("extra_norm", stage)(hub))
        out = self.FFMs[stage](x, hub)
        if self.count == 1:
            return x, [hub], out
        return x, [(reinterpreted(other) if self.slip else other) + hub for other in others], out


class LinearLayer(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.proj = nn.Linear(inputs, width)

    def forward(self, x):
        return to_map(self.proj(to_tokens(x)), tuple(x.shape[2:]))


class Fuse(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.bn(self.conv(x)).relu()


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class Head(nn.Module):
    def __init__(self, widths, width, classes, dropout):
        super().__init__()
        for stage, inputs in enumerate(widths):
            self.add_module(f"linear_c{stage + 1}", LinearLayer(inputs, width))
        self.linear_fuse = Fuse(4 * width, width)
        self.dropout = nn.Dropout2d(dropout)
        self.linear_pred = nn.Conv2d(width, classes, 1)

    def forward(self, features):
        size = features[0].shape[2:]
        maps = [getattr(self, f"linear_c{stage}")(features[stage - 1]) for stage in (4, 3, 2, 1)]
        joined = torch.cat([resized(x, size) for x in maps], 1)
        return self.linear_pred(self.dropout(self.linear_fuse(joined)))


class Cmnext(nn.Module):
    """From a configuration with `embed_dims`, `depths`, `heads`, `sr_ratios`, `modalities`, `decoder_dim` and
    `num_classes`; the first modality is the colour picture.

    `slip` reproduces what `reinterpreted` says. New parameters are PyTorch's own, not the reference's."""

    def __init__(self, config, slip=False, drop_path=0.1, dropout=0.1):
        super().__init__()
        self.names = config["modalities"]
        self.backbone = Backbone(config, drop_path, slip)
        self.decode_head = Head(config["embed_dims"], config["decoder_dim"], config["num_classes"], dropout)

    def tokens(self, inputs):
        """The tokens of stage 1 of every modality that `inputs`, pictures by name, holds: [B, N, C] each."""
        return {name: self.tokens_of(name, x) for name, x in inputs.items()}

    def tokens_of(self, name, x):
        index = self.names.index(name)
        if index == 0:
            return self.backbone.patch_embed1(x)[0]
        first = self.backbone.extra_downsample_layers[0]
        return to_tokens(getattr(first.norm, f"ln_{index - 1}")(first.proj.module(x)))

    def features(self, tokens, grid):
        """The fused maps of all stages, from the tokens of stage 1, which lie as `grid` says: (h, w)."""
        first, *others = (tokens[name] for name in self.names)
        return self.backbone.features(first, [to_map(x, grid) for x in others], grid)

    def fuse(self, tokens, size):
        """Logits [B, classes, *size] from the tokens of every modality; size is that of the pictures, (H, W)."""
        grid = tuple((side + 3) // STRIDES[0] for side in size)
        return resized(self.decode_head(self.features(tokens, grid)), size)

    def forward(self, inputs):
        size = tuple(inputs[self.names[0]].shape[2:])
        return self.fuse(self.tokens(inputs), size)

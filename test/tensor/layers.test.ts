/** Layers and losses against PyTorch: values and gradients. */
import { smoothL1 } from '../../src/mmp/align.js';
import { gelu } from '../../src/tensor/activations.js';
import { layerNorm } from '../../src/tensor/layerNorm.js';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';

const torch = new TorchFixture('layers');

describe('layers and losses equal PyTorch', () => {
  afterEach(() => {
    tf.disposeVariables();
  });

  it('gelu', async () => {
    const [x, dy] = [torch.tensor('gelu.x'), torch.tensor('gelu.dy')];
    await assertClose('y', gelu(x), torch.stored('gelu.y'), 'layer');
    await assertClose('dx', tf.grad(gelu)(x, dy), torch.stored('gelu.dx'), 'layer');
  });

  it('layerNorm', async () => {
    const parameters = new Parameters(1);
    parameters.add('norm.weight', [12], zeros);
    parameters.add('norm.bias', [12], zeros);
    const [weight, bias] = [parameters.get('norm.weight'), parameters.get('norm.bias')];
    weight.assign(torch.tensor('norm.weight'));
    bias.assign(torch.tensor('norm.bias'));
    const [x, dy] = [torch.tensor('norm.x'), torch.tensor('norm.dy')];
    const norm = (input: tf.Tensor) => layerNorm(parameters, 'norm', input);
    await assertClose('y', norm(x), torch.stored('norm.y'), 'layer');
    await assertClose('dx', tf.grad(norm)(x, dy), torch.stored('norm.dx'), 'layer');
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(norm(x), dy)), [weight, bias]);
    await assertClose('dweight', grads[weight.name]!, torch.stored('norm.dweight'), 'layer');
    await assertClose('dbias', grads[bias.name]!, torch.stored('norm.dbias'), 'layer');
  });

  it('crossEntropy', async () => {
    const logits = torch.tensor('crossEntropy.logits');
    const labels = torch.tensor('crossEntropy.labels');
    const loss = (input: tf.Tensor) => crossEntropy(input, labels);
    await assertClose('loss', loss(logits), torch.stored('crossEntropy.loss'), 'layer');
    const gradient = tf.grad(loss)(logits);
    await assertClose('dlogits', gradient, torch.stored('crossEntropy.dlogits'), 'layer');
  });

  it('smoothL1', async () => {
    const target = torch.tensor('smoothL1.target');
    const predicted = torch.tensor('smoothL1.predicted');
    const loss = (input: tf.Tensor) => smoothL1(target, input);
    await assertClose('loss', loss(predicted), torch.stored('smoothL1.loss'), 'layer');
    const gradient = tf.grad(loss)(predicted);
    await assertClose('dpredicted', gradient, torch.stored('smoothL1.dpredicted'), 'layer');
  });

  it('keep no tensor', async () => {
    const x = torch.tensor('gelu.x');
    await assertSteady(() => {
      const f = (input: tf.Tensor) => tf.sum(smoothL1(x, gelu(input)));
      tf.dispose(tf.valueAndGrad(f)(x));
    });
  });
});

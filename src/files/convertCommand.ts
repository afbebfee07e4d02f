/** The command that converts PyTorch's files. */
import { Command, InvalidArgumentError } from 'commander';
import { convertTorchFile } from './torch.js';

export const convertCommand = (): Command =>
  new Command('convert')
    .description('convert weights or a table of PyTorch into safetensors')
    .argument('<file>', 'what torch.save wrote: .ckpt, .bin, .pt')
    .argument('<output>', 'ends in .safetensors', (output: string) => {
      if (output.endsWith('.safetensors')) return output;
      throw new InvalidArgumentError('A name that ends in .safetensors is expected.');
    })
    .action((file: string, output: string) => {
      console.log(`${output}: ${convertTorchFile(file, output)} tensors`);
    });

package dev.azimuth.kernels.emulator;

import java.util.List;

/**
 * {@code mma.sync} of m16n8k8 over tf32, and of m16n8k8 and m16n8k16 over f16 and bf16, all
 * accumulating in float32, after the fragment layouts of the PTX manual ("Matrix fragments for
 * mma.m16n8k8" and "for mma.m16n8k16").
 *
 * <p>Products and their sum are computed in float64 and rounded once; a device truncates between,
 * in an order that it doesn't state, so it differs in the last bits.
 */
final class TensorDecoder {
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final int depth;
  private final PtxType element;

  TensorDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
    List<String> words = instruction.words();
    List<PtxType> types = instruction.types();
    instruction.allow("sync", "aligned", "m16n8k8", "m16n8k16", "row", "col");
    element = types.size() == 4 ? types.get(1) : PtxType.PRED;
    depth = depth(instruction);
    boolean known =
        words.size() == 10
            && types.get(0) == PtxType.F32
            && types.get(3) == PtxType.F32
            && types.get(2) == element
            && (isPaired() || (element == PtxType.TF32 && depth == 8));
    if (!known) {
      throw instruction.unsupported("only tf32 with k8, f16 and bf16 with k8 or k16, sums in f32");
    }
  }

  /** Whether two elements share a register. */
  private boolean isPaired() {
    return element == PtxType.F16 || element == PtxType.BF16;
  }

  private static int depth(PtxInstruction instruction) {
    return instruction.has("m16n8k8") ? 8 : 16;
  }

  /** Multiply-adds of one instruction of a warp. */
  static long multiplyAdds(PtxInstruction instruction) {
    return (long) ROWS * COLUMNS * depth(instruction);
  }

  /** Reports a warp of which not all lanes run an aligned instruction. */
  static void requireWholeWarp(Warp warp, int mask) {
    if (mask != -1) {
      warp.report(
          Finding.Kind.INACTIVE_LANE,
          Integer.numberOfTrailingZeros(mask),
          "wants all 32 lanes; lane %d is elsewhere"
              .formatted(Integer.numberOfTrailingZeros(~mask)));
    }
  }

  Step step() {
    int[] d = registers(0, 4);
    int registers = isPaired() ? depth / 8 : 2; // for 8 rows of A, 8 columns of B
    int[] a = registers(1, 2 * registers);
    int[] b = registers(2, registers);
    int[] c = registers(3, 4);
    return (warp, mask) -> {
      requireWholeWarp(warp, mask);
      double[] left = new double[ROWS * depth];
      double[] right = new double[depth * COLUMNS];
      for (int lane = 0; lane < Warp.LANES; lane++) {
        loadLeft(warp, a, lane, left);
        loadRight(warp, b, lane, right);
      }
      int[] results = new int[4];
      for (int lane = 0; lane < Warp.LANES; lane++) {
        if ((mask >>> lane & 1) != 0) {
          for (int i = 0; i < 4; i++) {
            int row = (lane >> 2) + 8 * (i >> 1);
            int column = 2 * (lane & 3) + (i & 1);
            double sum = Float.intBitsToFloat(warp.words[c[i]][lane]);
            for (int k = 0; k < depth; k++) {
              sum += left[row * depth + k] * right[k * COLUMNS + column];
            }
            results[i] = Float.floatToRawIntBits((float) sum);
          }
          for (int i = 0; i < 4; i++) {
            warp.words[d[i]][lane] = results[i];
          }
        }
      }
    };
  }

  private int[] registers(int index, int count) {
    if (!(instruction.operand(index) instanceof Operand.Vector(List<Operand> elements))
        || elements.size() != count) {
      throw instruction.unsupported("operand %d is not %d registers".formatted(index, count));
    }
    return elements.stream().mapToInt(e -> decoder.word(instruction, e)).toArray();
  }

  /** A, 16 by depth: registers alternate between the upper and lower rows, then go right. */
  private void loadLeft(Warp warp, int[] a, int lane, double[] left) {
    for (int i = 0; i < a.length; i++) {
      int row = (lane >> 2) + 8 * (i & 1);
      int bits = warp.words[a[i]][lane];
      if (!isPaired()) {
        left[row * depth + (lane & 3) + 4 * (i >> 1)] = tf32(bits);
      } else {
        int column = 2 * (lane & 3) + 8 * (i >> 1);
        left[row * depth + column] = half(bits);
        left[row * depth + column + 1] = half(bits >>> 16);
      }
    }
  }

  /** B, depth by 8: registers go down. */
  private void loadRight(Warp warp, int[] b, int lane, double[] right) {
    int column = lane >> 2;
    for (int i = 0; i < b.length; i++) {
      int bits = warp.words[b[i]][lane];
      if (!isPaired()) {
        right[((lane & 3) + 4 * i) * COLUMNS + column] = tf32(bits);
      } else {
        int row = 2 * (lane & 3) + 8 * i;
        right[row * COLUMNS + column] = half(bits);
        right[(row + 1) * COLUMNS + column] = half(bits >>> 16);
      }
    }
  }

  /** The lower 13 bits of a float32 don't count. */
  private static double tf32(int bits) {
    return Float.intBitsToFloat(bits & 0xFFFFE000);
  }

  private double half(int bits) {
    return element == PtxType.F16
        ? Float.float16ToFloat((short) bits)
        : FloatArithmetic.fromBFloat16(bits & 0xFFFF);
  }
}

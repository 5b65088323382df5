package dev.azimuth.kernels.emulator;

import java.util.Arrays;
import java.util.Set;

/** What a launch did, by instruction. */
public final class Counters {
  private static final Set<String> FLOAT_OPCODES =
      Set.of(
          "add", "sub", "mul", "div", "fma", "mad", "min", "max", "abs", "neg", "rcp", "sqrt",
          "rsqrt", "ex2", "lg2", "sin", "cos", "tanh");

  /** Warps that ran the instruction. */
  final long[] warps;

  /** Threads that ran it. */
  final long[] threads;

  /** Of a global access the sectors of 32 bytes that it touched, */
  final long[] sectors;

  /** and as many as its bytes would fill. */
  final long[] idealSectors;

  /** Of a shared access the passes over the banks beyond those that its bytes need. */
  final long[] bankConflicts;

  /** Of a branch how often the warp's lanes parted. */
  final long[] divergences;

  private final Program program;
  private int dynamicSharedBytes;

  Counters(Program program) {
    this.program = program;
    int n = program.kernel().instructions().size();
    warps = new long[n];
    threads = new long[n];
    sectors = new long[n];
    idealSectors = new long[n];
    bankConflicts = new long[n];
    divergences = new long[n];
  }

  /** Adds another launch of the same kernel. */
  Counters plus(Counters other) {
    for (int pc = 0; pc < warps.length; pc++) {
      warps[pc] += other.warps[pc];
      threads[pc] += other.threads[pc];
      sectors[pc] += other.sectors[pc];
      idealSectors[pc] += other.idealSectors[pc];
      bankConflicts[pc] += other.bankConflicts[pc];
      divergences[pc] += other.divergences[pc];
    }
    sharedAtMost(other.dynamicSharedBytes);
    return this;
  }

  /** Notes the dynamic shared memory of a launch. */
  void sharedAtMost(int bytes) {
    dynamicSharedBytes = Math.max(dynamicSharedBytes, bytes);
  }

  /** The largest dynamic shared memory of a launch. */
  public int dynamicSharedBytes() {
    return dynamicSharedBytes;
  }

  /** Instructions, once for each warp that ran them. */
  public long warpInstructions() {
    return Arrays.stream(warps).sum();
  }

  /** Instructions, once for each thread that ran them. */
  public long threadInstructions() {
    return Arrays.stream(threads).sum();
  }

  /**
   * Thread instructions without moves from register to register: PTX wants them between its types,
   * and an assembler makes none of them.
   */
  long threadInstructionsWithoutMoves() {
    long sum = 0;
    for (int pc = 0; pc < threads.length; pc++) {
      PtxInstruction instruction = program.instruction(pc);
      boolean moves =
          instruction.opcode().equals("mov") && instruction.operand(1) instanceof Operand.Register;
      sum += moves ? 0 : threads[pc];
    }
    return sum;
  }

  /** Passes over shared memory's banks beyond those that the bytes need. */
  public long totalBankConflicts() {
    return Arrays.stream(bankConflicts).sum();
  }

  /** Sectors of 32 bytes that accesses to global memory touched, */
  public long totalSectors() {
    return Arrays.stream(sectors).sum();
  }

  /** and as many as their bytes would fill. */
  public long totalIdealSectors() {
    return Arrays.stream(idealSectors).sum();
  }

  long totalDivergences() {
    return Arrays.stream(divergences).sum();
  }

  /** Bytes asked for over bytes moved between L2 and the multiprocessors; 1 is best. */
  public double sectorEfficiency() {
    long moved = totalSectors();
    return moved == 0 ? 1 : (double) totalIdealSectors() / moved;
  }

  /** Arithmetic instructions on floats outside tensor cores, once for each thread. */
  public long floatInstructions() {
    long sum = 0;
    for (int pc = 0; pc < warps.length; pc++) {
      sum += isFloat(program.instruction(pc)) ? threads[pc] : 0;
    }
    return sum;
  }

  /** Operations on floats: two in a multiply-add. */
  public long floatOperations() {
    long sum = floatInstructions() + 2 * (tensorMultiplyAdds(true) + tensorMultiplyAdds(false));
    for (int pc = 0; pc < warps.length; pc++) {
      PtxInstruction instruction = program.instruction(pc);
      boolean isFused = instruction.opcode().equals("fma") || instruction.opcode().equals("mad");
      sum += isFused && isFloat(instruction) ? threads[pc] : 0;
    }
    return sum;
  }

  /** Multiply-adds of tensor cores, of tf32 operands or of halves. */
  public long tensorMultiplyAdds(boolean isTf32) {
    long sum = 0;
    for (int pc = 0; pc < warps.length; pc++) {
      PtxInstruction instruction = program.instruction(pc);
      if (instruction.opcode().equals("mma") && instruction.has("tf32") == isTf32) {
        sum += warps[pc] * TensorDecoder.multiplyAdds(instruction);
      }
    }
    return sum;
  }

  private static boolean isFloat(PtxInstruction instruction) {
    return FLOAT_OPCODES.contains(instruction.opcode())
        && (instruction.has("f32") || instruction.has("f64"));
  }
}

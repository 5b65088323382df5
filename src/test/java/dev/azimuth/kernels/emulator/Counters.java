package dev.azimuth.kernels.emulator;

import java.util.Arrays;

/** What a launch did, by instruction. */
final class Counters {
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
    return this;
  }

  long warpInstructions() {
    return Arrays.stream(warps).sum();
  }

  long threadInstructions() {
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

  long totalBankConflicts() {
    return Arrays.stream(bankConflicts).sum();
  }

  long totalDivergences() {
    return Arrays.stream(divergences).sum();
  }

  /** Bytes asked for over bytes moved between L2 and the multiprocessors; 1 is best. */
  double sectorEfficiency() {
    long moved = Arrays.stream(sectors).sum();
    return moved == 0 ? 1 : (double) Arrays.stream(idealSectors).sum() / moved;
  }

  /** Multiply-adds: {@code fma} and {@code mad} of float32, and those inside {@code mma}. */
  long multiplyAdds() {
    long sum = 0;
    for (int pc = 0; pc < warps.length; pc++) {
      PtxInstruction instruction = program.instruction(pc);
      sum +=
          switch (instruction.opcode()) {
            case "fma" -> threads[pc];
            case "mma" -> warps[pc] * TensorDecoder.multiplyAdds(instruction);
            default -> 0;
          };
    }
    return sum;
  }

  /** Thread instructions per multiply-add. */
  double instructionsPerMultiplyAdd() {
    return (double) threadInstructions() / multiplyAdds();
  }
}

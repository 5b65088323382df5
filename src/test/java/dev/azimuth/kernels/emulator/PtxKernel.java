package dev.azimuth.kernels.emulator;

import java.util.List;
import java.util.Map;

/**
 * A kernel as parsed.
 *
 * @param params in order
 * @param maxThreads the threads that {@code .maxntid} allows per block, or 1024
 * @param words how many registers of 32 bits or less it has
 * @param longs how many of 64 bits
 * @param predicates how many predicates
 * @param labels the index of the instruction that each names; the number of instructions is the end
 * @param branchTables the labels of each {@code .branchtargets}
 * @param variables its shared and local arrays
 */
record PtxKernel(
    String name,
    List<Param> params,
    int maxThreads,
    int words,
    int longs,
    int predicates,
    List<PtxInstruction> instructions,
    Map<String, Integer> labels,
    Map<String, List<String>> branchTables,
    List<Variable> variables) {

  /** A parameter and its place in the parameter space. */
  record Param(String name, PtxType type, int offset) {}

  /**
   * An array of a module or kernel.
   *
   * @param bytes its size, 0 for dynamic shared memory
   * @param content its initial bytes, all zero where none are written
   */
  record Variable(Space space, String name, int align, int bytes, byte[] content) {}

  int paramBytes() {
    return params.isEmpty() ? 0 : params.getLast().offset() + params.getLast().type().bytes();
  }
}

package dev.azimuth.kernels.emulator;

import java.util.Map;

/**
 * A kernel decoded.
 *
 * @param steps null for instructions of control
 * @param guards the predicate of each instruction, or -1
 * @param targets of branches the instructions that they may go to
 * @param selectors of branches by table the word register that selects, else -1
 * @param meetings for each instruction where diverged lanes meet again
 * @param words registers of 32 bits, constants among them
 * @param shared where its shared variables lie
 * @param localBytes local memory per thread
 */
record Program(
    PtxKernel kernel,
    Control[] controls,
    Step[] steps,
    int[] guards,
    boolean[] negated,
    int[][] targets,
    int[] selectors,
    int[] meetings,
    int words,
    int longs,
    Map<Integer, Integer> wordConstants,
    Map<Integer, Long> longConstants,
    Map<Integer, SpecialRegister> specials,
    SharedLayout shared,
    int localBytes) {

  /** What an instruction does to the flow of control. */
  enum Control {
    NONE,
    BRANCH,
    BRANCH_TABLE,
    EXIT,
    BARRIER
  }

  PtxInstruction instruction(int pc) {
    return kernel.instructions().get(pc);
  }
}

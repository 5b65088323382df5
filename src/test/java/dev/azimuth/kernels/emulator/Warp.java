package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.Dim3;
import java.util.Arrays;

/**
 * 32 lanes that run in step. Where they part at a branch, one side runs up to the instruction where
 * both meet again, then the other.
 */
final class Warp {
  static final int LANES = 32;

  /** Branches taken by one warp of one block after which a kernel counts as endless. */
  private static final long MAX_BRANCHES = 1L << 32;

  final Block block;
  final int index;
  final int[][] words;
  final long[][] longs;
  final int[] predicates;
  final AsyncCopies copies = new AsyncCopies(this);
  final MemoryPort port;

  /** The addresses of the lanes of a memory access, for the step that makes it. */
  final long[] addresses = new long[LANES];

  private final Program program;
  private final Dim3 threads;
  private final int[] wordScratch = new int[LANES];
  private final long[] longScratch = new long[LANES];
  private final int born;

  // Parted lanes: a stack of where they go on, where they meet, and which they are.
  private int[] nextOf = new int[16];
  private int[] meetingOf = new int[16];
  private int[] maskOf = new int[16];
  private int top;

  private int pc;
  private int live;
  private boolean waiting;
  private int syncs;
  private long branches;

  Warp(Block block, int index, Dim3 threads, Dim3 grid) {
    this.block = block;
    this.index = index;
    this.program = block.program;
    this.threads = threads;
    words = new int[program.words()][LANES];
    longs = new long[program.longs()][LANES];
    predicates = new int[program.kernel().predicates()];
    port = new MemoryPort(this, block, program.localBytes());
    int inBlock = (int) Math.min(LANES, threads.size() - (long) index * LANES);
    born = inBlock == LANES ? -1 : (1 << inBlock) - 1;
    program.wordConstants().forEach((register, value) -> Arrays.fill(words[register], value));
    program.longConstants().forEach((register, value) -> Arrays.fill(longs[register], value));
    program
        .specials()
        .forEach((register, special) -> fill(words[register], special, grid, 0, 0, 0));
  }

  private void fill(int[] lanes, SpecialRegister special, Dim3 grid, int x, int y, int z) {
    for (int lane = 0; lane < LANES; lane++) {
      int thread = index * LANES + lane;
      lanes[lane] =
          switch (special) {
            case TID_X -> thread % threads.x();
            case TID_Y -> thread / threads.x() % threads.y();
            case TID_Z -> thread / threads.x() / threads.y();
            case NTID_X -> threads.x();
            case NTID_Y -> threads.y();
            case NTID_Z -> threads.z();
            case CTAID_X -> x;
            case CTAID_Y -> y;
            case CTAID_Z -> z;
            case NCTAID_X -> grid.x();
            case NCTAID_Y -> grid.y();
            case NCTAID_Z -> grid.z();
            case LANEID -> lane;
            case WARPSIZE -> LANES;
            case LANEMASK_LT -> (1 << lane) - 1;
            case LANEMASK_LE -> (1 << lane) | ((1 << lane) - 1);
            case LANEMASK_EQ -> 1 << lane;
            case LANEMASK_GE -> -1 << lane;
            case LANEMASK_GT -> ~((1 << lane) | ((1 << lane) - 1));
          };
    }
  }

  void start(int x, int y, int z) {
    program
        .specials()
        .forEach(
            (register, special) -> {
              switch (special) {
                case CTAID_X -> Arrays.fill(words[register], x);
                case CTAID_Y -> Arrays.fill(words[register], y);
                case CTAID_Z -> Arrays.fill(words[register], z);
                default -> {}
              }
            });
    port.start();
    copies.clear();
    live = born;
    waiting = false;
    branches = 0;
    top = 0;
    nextOf[0] = 0;
    meetingOf[0] = program.steps().length;
    maskOf[0] = live;
  }

  /** Runs until a barrier or the end. */
  void run() {
    int end = program.steps().length;
    while (top >= 0 && !waiting) {
      if (maskOf[top] == 0 || nextOf[top] == meetingOf[top] || nextOf[top] == end) {
        if (nextOf[top] == end && maskOf[top] != 0) {
          exit(maskOf[top]);
        }
        top--;
      } else {
        runStraight(nextOf[top], maskOf[top], meetingOf[top]);
      }
    }
  }

  /** Runs the lanes of the stack's top up to a branch, a barrier or where they meet others. */
  private void runStraight(int from, int mask, int meeting) {
    Program.Control[] controls = program.controls();
    Step[] steps = program.steps();
    int[] guards = program.guards();
    boolean[] negated = program.negated();
    Counters counters = block.counters;
    int lanes = Integer.bitCount(mask);
    int at = from;
    while (at != meeting && at < steps.length) {
      int active = mask;
      int guard = guards[at];
      if (guard >= 0) {
        active &= negated[at] ? ~predicates[guard] : predicates[guard];
      }
      pc = at;
      counters.warps[at]++;
      counters.threads[at] += guard >= 0 ? Integer.bitCount(active) : lanes;
      if (controls[at] != Program.Control.NONE) {
        control(controls[at], active, mask);
        return;
      }
      if (active != 0) {
        steps[at].run(this, active);
      }
      at++;
    }
    nextOf[top] = at;
  }

  private void control(Program.Control control, int active, int mask) {
    switch (control) {
      case BRANCH -> branch(active, mask);
      case BRANCH_TABLE -> branchByTable(active, mask);
      case EXIT -> {
        nextOf[top] = pc + 1;
        exit(active);
      }
      case BARRIER -> {
        nextOf[top] = pc + 1;
        if (active != live) {
          report(
              Finding.Kind.DIVERGENT_BARRIER,
              firstLane(),
              "is not reached by " + threadName(Integer.numberOfTrailingZeros(live & ~active)));
        }
        waiting = true;
      }
      case NONE -> throw new AssertionError();
    }
  }

  private void branch(int taken, int mask) {
    countBranch();
    int target = program.targets()[pc][0];
    int others = mask & ~taken;
    if (others == 0) {
      nextOf[top] = target;
    } else if (taken == 0) {
      nextOf[top] = pc + 1;
    } else {
      part();
      push(pc + 1, others);
      push(target, taken);
    }
  }

  private void branchByTable(int active, int mask) {
    countBranch();
    int[] targets = program.targets()[pc];
    int[] selector = words[program.selectors()[pc]];
    int left = active;
    int parts = mask == active ? 0 : 1;
    int[] masks = new int[targets.length];
    for (int lane = 0; lane < LANES; lane++) {
      if ((left >>> lane & 1) != 0) {
        int choice = selector[lane];
        if (choice < 0 || choice >= targets.length) {
          throw new PtxException(
              program.instruction(pc).line(),
              "brx.idx by " + choice + " among " + targets.length + " targets");
        }
        parts += masks[choice] == 0 ? 1 : 0;
        masks[choice] |= 1 << lane;
      }
    }
    if (parts > 1) {
      part();
    } else {
      nextOf[top] = mask == active ? -1 : pc + 1;
    }
    if (parts > 1 && mask != active) {
      push(pc + 1, mask & ~active);
    }
    for (int i = 0; i < targets.length; i++) {
      if (masks[i] != 0) {
        if (parts > 1) {
          push(targets[i], masks[i]);
        } else {
          nextOf[top] = targets[i];
        }
      }
    }
  }

  private void countBranch() {
    if (++branches > MAX_BRANCHES) {
      throw new PtxException(program.instruction(pc).line(), "the kernel doesn't end");
    }
  }

  /** Sends the whole of the top's lanes to where they will meet. */
  private void part() {
    block.counters.divergences[pc]++;
    int meeting = program.meetings()[pc];
    if (top > 0 && meeting == meetingOf[top]) {
      top--; // they only wait for lanes below
    } else {
      nextOf[top] = meeting;
    }
  }

  private void push(int next, int mask) {
    int meeting = program.meetings()[pc];
    if (next == meeting) {
      return;
    }
    top++;
    if (top == nextOf.length) {
      nextOf = Arrays.copyOf(nextOf, 2 * top);
      meetingOf = Arrays.copyOf(meetingOf, 2 * top);
      maskOf = Arrays.copyOf(maskOf, 2 * top);
    }
    nextOf[top] = next;
    meetingOf[top] = meeting;
    maskOf[top] = mask;
  }

  private void exit(int lanes) {
    live &= ~lanes;
    for (int i = 0; i <= top; i++) {
      maskOf[i] &= ~lanes;
    }
  }

  boolean waiting() {
    return waiting;
  }

  /** Goes on after a barrier. */
  void pass() {
    waiting = false;
  }

  /** The lanes that haven't ended. */
  int live() {
    return live;
  }

  int pc() {
    return pc;
  }

  /** Orders the accesses of the warp's lanes to shared memory. */
  void synchronizeLanes() {
    syncs++;
  }

  /** How often that was done. */
  int syncs() {
    return syncs;
  }

  int thread(int lane) {
    return index * LANES + lane;
  }

  int firstLane() {
    return live == 0 ? 0 : Integer.numberOfTrailingZeros(live);
  }

  String threadName(int lane) {
    return block.threadName(thread(lane));
  }

  void report(Finding.Kind kind, int lane, String what) {
    block.report(kind, pc, thread(lane), what);
  }

  /** Where to write a step's result: the register, or aside where some lanes keep theirs. */
  int[] wordResult(int register, int mask) {
    return mask == -1 ? words[register] : wordScratch;
  }

  long[] longResult(int register, int mask) {
    return mask == -1 ? longs[register] : longScratch;
  }

  /** Ends what {@link #wordResult} began. */
  void commit(int register, int mask, int[] result) {
    if (mask != -1) {
      int[] lanes = words[register];
      for (int i = 0; i < LANES; i++) {
        lanes[i] = (mask >>> i & 1) != 0 ? result[i] : lanes[i];
      }
    }
  }

  /** Ends what {@link #longResult} began. */
  void commit(int register, int mask, long[] result) {
    if (mask != -1) {
      long[] lanes = longs[register];
      for (int i = 0; i < LANES; i++) {
        lanes[i] = (mask >>> i & 1) != 0 ? result[i] : lanes[i];
      }
    }
  }
}

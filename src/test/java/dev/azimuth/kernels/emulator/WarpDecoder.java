package dev.azimuth.kernels.emulator;

import java.util.function.IntBinaryOperator;

/**
 * What the lanes of a warp do together: shuffles, votes, reductions, and waiting for each other.
 */
final class WarpDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;

  WarpDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
  }

  /** Whether it is {@code bar.sync} or {@code barrier.sync} of barrier 0 and all threads. */
  static boolean isBlockBarrier(PtxInstruction instruction) {
    if (instruction.has("warp")) {
      return false;
    }
    boolean all =
        instruction.operands().size() == 1
            && instruction.operand(0) instanceof Operand.Literal(long number)
            && number == 0;
    instruction.allow("sync", "aligned", "cta");
    if (!instruction.has("sync") || !all) {
      throw instruction.unsupported("only barrier 0 for all threads");
    }
    return true;
  }

  Step step() {
    return switch (instruction.opcode()) {
      case "shfl" -> shuffle();
      case "vote" -> vote();
      case "activemask" -> activeMask();
      case "redux" -> reduce();
      case "bar", "barrier" -> synchronizeLanes();
      // Blocks run one after another and lanes in step: all see memory in order.
      case "membar", "fence" -> (warp, mask) -> {};
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  /** A member mask, the same in all lanes; names members that don't take part. */
  private static int members(Warp warp, int mask, int register, String what) {
    int members = warp.words[register][Integer.numberOfTrailingZeros(mask)];
    int missing = members & warp.live() & ~mask;
    if (missing != 0) {
      int lane = Integer.numberOfTrailingZeros(missing);
      warp.report(
          Finding.Kind.INACTIVE_LANE,
          Integer.numberOfTrailingZeros(mask),
          "%s waits for lane %d, which is elsewhere".formatted(what, lane));
    }
    int strangers = mask & ~members;
    if (strangers != 0) {
      int lane = Integer.numberOfTrailingZeros(strangers);
      warp.report(
          Finding.Kind.INACTIVE_LANE,
          lane,
          "%s is run by lane %d, which its mask leaves out".formatted(what, lane));
    }
    return members;
  }

  private enum Direction {
    UP,
    DOWN,
    BFLY,
    IDX
  }

  /** {@code shfl.sync.mode.b32 d{|p}, a, b, c, membermask}. */
  private Step shuffle() {
    instruction.allow("sync", "up", "down", "bfly", "idx");
    if (!instruction.has("sync")) {
      throw instruction.unsupported("shuffles are .sync");
    }
    Direction direction =
        instruction.has("up")
            ? Direction.UP
            : instruction.has("down")
                ? Direction.DOWN
                : instruction.has("bfly") ? Direction.BFLY : Direction.IDX;
    int d;
    int p;
    if (instruction.operand(0) instanceof Operand.Pair(Operand first, Operand second)) {
      d = decoder.word(instruction, first);
      p = second instanceof Operand.Sink ? -1 : decoder.predicate(instruction, second);
    } else {
      d = decoder.word(instruction, 0);
      p = -1;
    }
    int a = decoder.word(instruction, 1);
    int b = decoder.word(instruction, 2);
    int c = decoder.word(instruction, 3);
    int members = decoder.word(instruction, 4);
    return (warp, mask) -> {
      members(warp, mask, members, "the shuffle");
      int[] from = warp.words[a].clone();
      int[] to = warp.words[d];
      int inRange = 0;
      for (int lane = 0; lane < Warp.LANES; lane++) {
        if ((mask >>> lane & 1) != 0) {
          int source = source(direction, lane, warp.words[b][lane] & 31, warp.words[c][lane]);
          if (source >= 0) {
            inRange |= 1 << lane;
          } else {
            source = lane;
          }
          if ((mask >>> source & 1) == 0) {
            warp.report(
                Finding.Kind.INACTIVE_LANE, lane, "reads lane " + source + ", which is elsewhere");
          }
          to[lane] = from[source];
        }
      }
      if (p >= 0) {
        warp.predicates[p] = (warp.predicates[p] & ~mask) | inRange;
      }
    };
  }

  /** The lane that a shuffle reads, or -1 where it is out of the segment. */
  private static int source(Direction direction, int lane, int b, int c) {
    int segment = c >>> 8 & 31;
    int limit = (lane & segment) | (c & 31 & ~segment);
    int first = lane & segment;
    int source =
        switch (direction) {
          case UP -> lane - b;
          case DOWN -> lane + b;
          case BFLY -> lane ^ b;
          case IDX -> first | (b & ~segment);
        };
    boolean in = direction == Direction.UP ? source >= limit : source <= limit;
    return in ? source : -1;
  }

  /** {@code vote.sync.mode d, {!}p, membermask}. */
  private Step vote() {
    instruction.allow("sync", "all", "any", "uni", "ballot");
    if (!instruction.has("sync")) {
      throw instruction.unsupported("votes are .sync");
    }
    Operand voter = instruction.operand(1);
    boolean negated = voter instanceof Operand.Negated;
    int p =
        decoder.predicate(
            instruction, voter instanceof Operand.Negated(Operand.Register r) ? r : voter);
    int members = decoder.word(instruction, 2);
    if (instruction.has("ballot")) {
      int d = decoder.word(instruction, 0);
      return (warp, mask) -> {
        members(warp, mask, members, "the vote");
        int votes = (negated ? ~warp.predicates[p] : warp.predicates[p]) & mask;
        broadcast(warp, d, mask, votes);
      };
    }
    int d = decoder.predicate(instruction, instruction.operand(0));
    boolean all = instruction.has("all");
    boolean any = instruction.has("any");
    return (warp, mask) -> {
      members(warp, mask, members, "the vote");
      int votes = (negated ? ~warp.predicates[p] : warp.predicates[p]) & mask;
      boolean result = all ? votes == mask : any ? votes != 0 : votes == mask || votes == 0;
      warp.predicates[d] = (warp.predicates[d] & ~mask) | (result ? mask : 0);
    };
  }

  private static void broadcast(Warp warp, int d, int mask, int value) {
    for (int lane = 0; lane < Warp.LANES; lane++) {
      if ((mask >>> lane & 1) != 0) {
        warp.words[d][lane] = value;
      }
    }
  }

  private Step activeMask() {
    int d = decoder.word(instruction, 0);
    return (warp, mask) -> broadcast(warp, d, mask, mask);
  }

  /** {@code redux.sync.op.type d, a, membermask}. */
  private Step reduce() {
    instruction.allow("sync", "add", "min", "max", "and", "or", "xor");
    boolean signed = instruction.type().signed();
    String operation = instruction.words().get(2);
    IntBinaryOperator function =
        switch (operation) {
          case "add" -> Integer::sum;
          case "min" -> signed ? Math::min : IntegerArithmetic::minUnsigned;
          case "max" -> signed ? Math::max : IntegerArithmetic::maxUnsigned;
          case "and" -> (x, y) -> x & y;
          case "or" -> (x, y) -> x | y;
          case "xor" -> (x, y) -> x ^ y;
          default -> throw instruction.unsupported("operation " + operation);
        };
    int d = decoder.word(instruction, 0);
    int a = decoder.word(instruction, 1);
    int members = decoder.word(instruction, 2);
    return (warp, mask) -> {
      members(warp, mask, members, "the reduction");
      int[] values = warp.words[a];
      int result = values[Integer.numberOfTrailingZeros(mask)];
      for (int m = mask & (mask - 1); m != 0; m &= m - 1) {
        result = function.applyAsInt(result, values[Integer.numberOfTrailingZeros(m)]);
      }
      broadcast(warp, d, mask, result);
    };
  }

  /**
   * {@code bar.warp.sync membermask}: orders the lanes' accesses if all lanes take part; a part of
   * them stays unordered here, which is stricter than a device.
   */
  private Step synchronizeLanes() {
    instruction.allow("warp", "sync");
    int members = decoder.word(instruction, 0);
    return (warp, mask) -> {
      members(warp, mask, members, "the barrier of the warp");
      if (mask == warp.live()) {
        warp.synchronizeLanes();
      }
    };
  }
}

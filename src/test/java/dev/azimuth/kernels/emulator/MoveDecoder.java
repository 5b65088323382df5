package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.Operand.Bank;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongToIntFunction;
import java.util.function.LongUnaryOperator;

/** Moves, address conversions, selections and comparisons. */
final class MoveDecoder {
  /** Where shared memory lies among generic addresses. */
  static final long SHARED_WINDOW = 1L << 60;

  /** Where local memory lies among generic addresses. */
  static final long LOCAL_WINDOW = 1L << 61;

  private final Decoder decoder;
  private final PtxInstruction instruction;

  MoveDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
  }

  Step step() {
    if (instruction.has("u32") && instruction.opcode().equals("cvta")) {
      throw instruction.unsupported("addresses are of 64 bits");
    }
    return switch (instruction.opcode()) {
      case "mov" -> move();
      case "cvta" -> convertAddress();
      case "selp" -> select();
      case "setp" -> compare();
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  private Step move() {
    instruction.allow();
    Operand to = instruction.operand(0);
    Operand from = instruction.operand(1);
    if (to instanceof Operand.Vector(List<Operand> elements)) {
      return unpack(elements, from);
    }
    if (from instanceof Operand.Vector(List<Operand> elements)) {
      return pack(to, elements);
    }
    if (to instanceof Operand.Register(Bank bank, int index, PtxType _) && bank == Bank.PREDICATE) {
      if (from instanceof Operand.Literal(long truth)) {
        return (warp, mask) -> setPredicate(warp, index, mask, truth != 0 ? -1 : 0);
      }
      int source = decoder.predicate(instruction, from);
      return (warp, mask) -> setPredicate(warp, index, mask, warp.predicates[source]);
    }
    if (Decoder.isLong(to)) {
      return Loops.of(
          Loops.Longs1.class,
          "mov",
          (LongUnaryOperator) a -> a,
          decoder.longWord(instruction, to),
          decoder.longWord(instruction, from));
    }
    return Loops.of(
        Loops.Words1.class,
        "mov",
        (IntUnaryOperator) a -> a,
        decoder.word(instruction, to),
        decoder.word(instruction, from));
  }

  private static void setPredicate(Warp warp, int index, int mask, int truths) {
    warp.predicates[index] = (warp.predicates[index] & ~mask) | (truths & mask);
  }

  /** {@code mov.b64 {lo, hi}, d} and {@code mov.b32 {lo, hi}, d}. */
  private Step unpack(List<Operand> elements, Operand from) {
    if (elements.size() != 2) {
      throw instruction.unsupported("not two parts");
    }
    int[] to =
        elements.stream()
            .mapToInt(
                e -> e instanceof Operand.Sink ? decoder.newWord() : decoder.word(instruction, e))
            .toArray();
    if (Decoder.isLong(from)) {
      int source = decoder.longWord(instruction, from);
      Step low =
          Loops.of(Loops.Narrow1.class, "low", (LongToIntFunction) a -> (int) a, to[0], source);
      Step high =
          Loops.of(
              Loops.Narrow1.class,
              "high",
              (LongToIntFunction) a -> (int) (a >>> 32),
              to[1],
              source);
      return both(low, high);
    }
    int source = decoder.word(instruction, from);
    int copy = decoder.newWord(); // a part may be the source
    Step keep = Loops.of(Loops.Words1.class, "mov", (IntUnaryOperator) a -> a, copy, source);
    Step low =
        Loops.of(Loops.Words1.class, "low16", (IntUnaryOperator) a -> a & 0xFFFF, to[0], copy);
    Step high =
        Loops.of(Loops.Words1.class, "high16", (IntUnaryOperator) a -> a >>> 16, to[1], copy);
    return both(keep, both(low, high));
  }

  private Step pack(Operand to, List<Operand> elements) {
    if (elements.size() != 2) {
      throw instruction.unsupported("not two parts");
    }
    int low = decoder.word(instruction, elements.get(0));
    int high = decoder.word(instruction, elements.get(1));
    if (Decoder.isLong(to)) {
      Loops.Widening join = (a, b) -> Integer.toUnsignedLong(a) | ((long) b << 32);
      return Loops.of(
          Loops.Widen2.class, "pack", join, decoder.longWord(instruction, to), low, high);
    }
    return Loops.of(
        Loops.Words2.class,
        "pack",
        (IntBinaryOperator) (a, b) -> (a & 0xFFFF) | (b << 16),
        decoder.word(instruction, to),
        low,
        high);
  }

  private static Step both(Step first, Step second) {
    return (warp, mask) -> {
      first.run(warp, mask);
      second.run(warp, mask);
    };
  }

  private Step convertAddress() {
    long shift =
        instruction.has("shared") ? SHARED_WINDOW : instruction.has("local") ? LOCAL_WINDOW : 0;
    if (shift == 0 && !instruction.has("global") && !instruction.has("const")) {
      throw instruction.unsupported("no known space");
    }
    long offset = instruction.has("to") ? -shift : shift;
    return Loops.of(
        Loops.Longs2.class,
        "add",
        (LongBinaryOperator) Long::sum,
        decoder.longWord(instruction, 0),
        decoder.longWord(instruction, 1),
        decoder.longConstant(offset));
  }

  private Step select() {
    instruction.allow();
    int chooser = decoder.predicate(instruction, instruction.operand(3));
    if (instruction.type().wide()) {
      int d = decoder.longWord(instruction, 0);
      int a = decoder.longWord(instruction, 1);
      int b = decoder.longWord(instruction, 2);
      return (warp, mask) -> {
        long[] as = warp.longs[a];
        long[] bs = warp.longs[b];
        long[] ds = warp.longResult(d, mask);
        int choice = warp.predicates[chooser];
        for (int i = 0; i < Warp.LANES; i++) {
          ds[i] = (choice >>> i & 1) != 0 ? as[i] : bs[i];
        }
        warp.commit(d, mask, ds);
      };
    }
    int d = decoder.word(instruction, 0);
    int a = decoder.word(instruction, 1);
    int b = decoder.word(instruction, 2);
    return (warp, mask) -> {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      int[] ds = warp.wordResult(d, mask);
      int choice = warp.predicates[chooser];
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = (choice >>> i & 1) != 0 ? as[i] : bs[i];
      }
      warp.commit(d, mask, ds);
    };
  }

  /** {@code setp.cmp{.bool}.type p{|q}, a, b{, c}}. */
  private Step compare() {
    Operand to = instruction.operand(0);
    int p;
    int q = -1;
    if (to instanceof Operand.Pair(Operand first, Operand second)) {
      p = decoder.predicate(instruction, first);
      q = decoder.predicate(instruction, second);
    } else {
      p = decoder.predicate(instruction, to);
    }
    if (instruction.operands().size() == 3 && q < 0) {
      return comparison(p);
    }
    String operation =
        instruction.has("and")
            ? "and"
            : instruction.has("or") ? "or" : instruction.has("xor") ? "xor" : "";
    Operand third = instruction.operands().size() > 3 ? instruction.operand(3) : null;
    boolean negated = third instanceof Operand.Negated;
    int c =
        third == null
            ? -1
            : decoder.predicate(
                instruction, third instanceof Operand.Negated(Operand.Register r) ? r : third);
    if ((c >= 0) == operation.isEmpty()) {
      throw instruction.unsupported("a third operand wants and, or or xor");
    }
    int complement = q;
    Step comparison = comparison(p);
    return (warp, mask) -> {
      int other = c < 0 ? 0 : negated ? ~warp.predicates[c] : warp.predicates[c];
      comparison.run(warp, mask);
      int truths = warp.predicates[p];
      if (complement >= 0) {
        setPredicate(warp, complement, mask, combine(operation, ~truths, other));
      }
      setPredicate(warp, p, mask, combine(operation, truths, other));
    };
  }

  private static int combine(String operation, int a, int b) {
    return switch (operation) {
      case "and" -> a & b;
      case "or" -> a | b;
      case "xor" -> a ^ b;
      default -> a;
    };
  }

  private Step comparison(int p) {
    String relation = instruction.words().get(1);
    PtxType type = instruction.type();
    String operation = relation + "." + type;
    if (type.wide()) {
      return Loops.of(
          Loops.CompareLongs.class,
          operation,
          Comparisons.longs(relation, type, instruction),
          p,
          decoder.longWord(instruction, 1),
          decoder.longWord(instruction, 2));
    }
    boolean flush = instruction.has("ftz");
    return Loops.of(
        Loops.CompareWords.class,
        operation + (flush ? ".ftz" : ""),
        Comparisons.words(relation, type, flush, instruction),
        p,
        decoder.word(instruction, 1),
        decoder.word(instruction, 2));
  }
}

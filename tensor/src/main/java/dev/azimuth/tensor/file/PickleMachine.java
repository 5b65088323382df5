package dev.azimuth.tensor.file;

import dev.azimuth.tensor.file.Pickled.Bytes;
import dev.azimuth.tensor.file.Pickled.Compiled;
import dev.azimuth.tensor.file.Pickled.Dict;
import dev.azimuth.tensor.file.Pickled.Global;
import dev.azimuth.tensor.file.Pickled.Huge;
import dev.azimuth.tensor.file.Pickled.Items;
import dev.azimuth.tensor.file.Pickled.None;
import dev.azimuth.tensor.file.Pickled.Stub;
import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads one pickle, of protocol 0 to 5, without running anything.
 *
 * <p>A pickle is a program for a stack machine. All that could reach beyond its data goes through
 * {@link Calls}: where Python would import a class or call a function, a name is kept and asked
 * about. Nesting costs no recursion; memory comes from the input's {@link MemoryBudget}, and no
 * instruction takes longer than the memory it took. Source: {@code Lib/pickletools.py}, which
 * describes each opcode, and {@code Lib/pickle.py}.
 */
final class PickleMachine {
  private static final Object[] NOTHING = {};
  private static final Items EMPTY_TUPLE = Items.fixed();
  private static final int MAX_NAME = 1 << 10;

  /** What the JDK takes for turning digits into a number. */
  private static final long PARSING = 5L * MemoryBudget.OBJECT;

  /** Longer integers are kept without their value. */
  private static final int MAX_INTEGER_BYTES = 128;

  /** What a pickle asks for beyond plain data. */
  interface Calls {
    /** What calling the class or function would give. */
    Object call(Global callee, Items arguments) throws FileFormatException;

    /** What the file holds under a persistent id. */
    Object load(Object persistentId) throws FileFormatException;
  }

  private final PickleInput in;
  private final MemoryBudget budget;
  private final Calls calls;
  private final long start;
  private Object[] stack = NOTHING;
  private int top;
  private int[] marks = {};
  private int markCount;
  private @Nullable Object[] memo = {};
  private int memoCount;

  private PickleMachine(PickleInput in, Calls calls) {
    this.in = in;
    this.budget = in.budget();
    this.calls = calls;
    this.start = in.position();
  }

  /**
   * Reads a pickle from the input's place to its end.
   *
   * @throws FileFormatException if it is malformed, or uses what {@link PickleGlobals} refuses
   */
  static Object load(PickleInput in, Calls calls) throws FileFormatException {
    PickleMachine machine = new PickleMachine(in, calls);
    while (true) {
      int opcode = in.u1();
      if (opcode == '.') {
        return machine.pop();
      }
      machine.step(opcode);
    }
  }

  private void step(int opcode) throws FileFormatException {
    switch (opcode) {
      case 0x80 -> protocol(in.u1());
      case 0x95 -> in.i8(); // a frame: only a hint how much to read at once

      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'I' -> push(integerLine(in.line()));
      case 'L' -> push(longLine(in.line()));
      case 'J' -> push(integer(in.i4()));
      case 'K' -> push(integer(in.u1()));
      case 'M' -> push(integer(in.u2()));
      case 0x8a -> push(wideInteger(in.u1()));
      case 0x8b -> push(wideInteger(in.u4()));
      case 'F' -> push(floatLine(in.line()));
      case 'G' -> push(number(in.f8()));

      case 'S' -> push(quoted(in.line()));
      case 'T' -> push(in.latin1(in.u4()));
      case 'U' -> push(in.latin1(in.u1()));
      case 'V' -> push(in.line());
      case 'X' -> push(in.utf8(in.u4()));
      case 0x8c -> push(in.utf8(in.u1()));
      case 0x8d -> push(in.utf8(in.i8()));
      case 'B' -> push(bytes(in.u4()));
      case 'C' -> push(bytes(in.u1()));
      case 0x8e, 0x96 -> push(bytes(in.i8()));

      case ']', 0x8f -> push(list(NOTHING));
      case ')' -> push(EMPTY_TUPLE);
      case '}' -> push(dict(NOTHING));
      case 'l' -> push(list(popToMark()));
      case 't', 0x91 -> push(tuple(popToMark()));
      case 'd' -> push(dict(popToMark()));
      case 0x85 -> push(tuple(popSome(1)));
      case 0x86 -> push(tuple(popSome(2)));
      case 0x87 -> push(tuple(popSome(3)));
      case 'a' -> append(popSome(1));
      case 'e', 0x90 -> append(popToMark());
      case 's' -> put(popSome(2));
      case 'u' -> put(popToMark());

      case '(' -> mark();
      case '0' -> popAny();
      case '1' -> popToMark();
      case '2' -> push(peek());
      case 'p' -> remember(lineNumber());
      case 'q' -> remember(in.u1());
      case 'r' -> remember(in.u4());
      case 0x94 -> remember(memoCount);
      case 'g' -> push(recall(lineNumber()));
      case 'h' -> push(recall(in.u1()));
      case 'j' -> push(recall(in.u4()));

      case 'c' -> push(global(in.line(), in.line()));
      case 0x93 -> push(stackGlobal());
      case 0x82 -> push(extension(in.u1()));
      case 0x83 -> push(extension(in.u2()));
      case 0x84 -> push(extension(in.u4()));
      case 'R', 0x81 -> push(call(popSome(2)));
      case 0x92 -> push(call(popSome(3)));
      case 'i' -> push(call(global(in.line(), in.line()), tuple(popToMark())));
      case 'o' -> push(callFirst(popToMark()));
      case 'b' -> build();
      case 'P' -> push(calls.load(in.line()));
      case 'Q' -> push(calls.load(pop()));
      default -> throw in.refuse("0x%02x is no opcode that is read".formatted(opcode));
    }
  }

  private void protocol(int version) throws FileFormatException {
    if (version > 5) {
      throw in.refuse("pickle protocol " + version + " is unknown; 0 to 5 are read");
    }
  }

  // The stack

  private void push(Object value) throws FileFormatException {
    if (top == stack.length) {
      int capacity = Math.max(16, 2 * top);
      budget.take((long) MemoryBudget.SLOT * (capacity - top));
      stack = Arrays.copyOf(stack, capacity);
    }
    stack[top++] = value;
  }

  private Object peek() throws FileFormatException {
    needs(1);
    return stack[top - 1];
  }

  private Object pop() throws FileFormatException {
    needs(1);
    return stack[--top];
  }

  private Object[] popSome(int count) throws FileFormatException {
    needs(count);
    return popFrom(top - count);
  }

  private Object[] popToMark() throws FileFormatException {
    if (markCount == 0) {
      throw in.refuse("malformed pickle: no mark on the stack");
    }
    return popFrom(marks[--markCount]);
  }

  private Object[] popFrom(int bottom) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT + (long) MemoryBudget.SLOT / 2 * (top - bottom));
    Object[] values = Arrays.copyOfRange(stack, bottom, top);
    top = bottom;
    return values;
  }

  private void popAny() throws FileFormatException {
    if (markCount > 0 && marks[markCount - 1] == top) {
      markCount--;
    } else {
      pop();
    }
  }

  private void mark() throws FileFormatException {
    if (markCount == marks.length) {
      int capacity = Math.max(16, 2 * markCount);
      budget.take((long) MemoryBudget.SLOT * (capacity - markCount));
      marks = Arrays.copyOf(marks, capacity);
    }
    marks[markCount++] = top;
  }

  /** What lies below the last mark can't be taken before the mark. */
  private void needs(int count) throws FileFormatException {
    if (top - (markCount == 0 ? 0 : marks[markCount - 1]) < count) {
      throw in.refuse("malformed pickle: the stack is empty");
    }
  }

  // The memo

  private void remember(long index) throws FileFormatException {
    Object value = peek();
    // picklers count from 0 or 1, one for some bytes each
    if (index < 0 || index > in.position() - start) {
      throw in.refuse("malformed pickle: memo %d is out of order".formatted(index));
    }
    if (index >= memo.length) {
      int capacity = (int) Math.min(Extents.MAX_ARRAY, Math.max(index + 1, 2L * memo.length + 16));
      if (index >= capacity) {
        throw in.refuse("more memos than one array can hold");
      }
      budget.take((long) MemoryBudget.SLOT * (capacity - memo.length));
      memo = Arrays.copyOf(memo, capacity);
    }
    memoCount += memo[(int) index] == null ? 1 : 0;
    memo[(int) index] = value;
  }

  private Object recall(long index) throws FileFormatException {
    Object value = index >= 0 && index < memo.length ? memo[(int) index] : null;
    if (value == null) {
      throw in.refuse("malformed pickle: there is no memo " + index);
    }
    return value;
  }

  private long lineNumber() throws FileFormatException {
    return longLine(in.line()) instanceof Long index ? index : -1;
  }

  // Numbers and texts

  private Long integer(long value) throws FileFormatException {
    if (value != (byte) value) {
      budget.take(MemoryBudget.OBJECT / 2);
    }
    return value;
  }

  private Double number(double value) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT / 2);
    return value;
  }

  /** Two's complement, little-endian. */
  private Object wideInteger(long length) throws FileFormatException {
    if (length > MAX_INTEGER_BYTES) {
      in.skip(length);
      return huge(null);
    }
    budget.take(2L * MemoryBudget.OBJECT + length);
    byte[] bytes = in.bytes(length);
    for (int i = 0; i < bytes.length / 2; i++) {
      byte low = bytes[i];
      bytes[i] = bytes[bytes.length - 1 - i];
      bytes[bytes.length - 1 - i] = low;
    }
    return shrunk(bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes));
  }

  private Object integerLine(String text) throws FileFormatException {
    return switch (text) {
      case "00" -> false;
      case "01" -> true;
      default -> longLine(text);
    };
  }

  private Object longLine(String text) throws FileFormatException {
    String digits = text.endsWith("L") ? text.substring(0, text.length() - 1) : text;
    if (digits.length() > 2 * MAX_INTEGER_BYTES) {
      return huge(null);
    }
    budget.take(PARSING + 2L * digits.length());
    try {
      return shrunk(new BigInteger(digits));
    } catch (NumberFormatException e) {
      throw in.refuse("malformed pickle: %s is no integer".formatted(Quoted.of(text)));
    }
  }

  private Object shrunk(BigInteger value) throws FileFormatException {
    return value.bitLength() < Long.SIZE ? integer(value.longValue()) : huge(value);
  }

  private Huge huge(@Nullable BigInteger value) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT + MAX_INTEGER_BYTES);
    return new Huge(value);
  }

  private Double floatLine(String text) throws FileFormatException {
    budget.take(PARSING + 2L * text.length());
    try {
      return switch (text) {
        case "inf" -> number(Double.POSITIVE_INFINITY);
        case "-inf" -> number(Double.NEGATIVE_INFINITY);
        case "nan" -> number(Double.NaN);
        default -> number(Double.parseDouble(text));
      };
    } catch (NumberFormatException e) {
      throw in.refuse("malformed pickle: %s is no number".formatted(Quoted.of(text)));
    }
  }

  /** A Python literal between quotes; escapes stay as they are written. */
  private String quoted(String text) throws FileFormatException {
    int last = text.length() - 1;
    boolean quotes = last > 0 && text.charAt(0) == text.charAt(last);
    if (!quotes || "'\"".indexOf(text.charAt(0)) < 0) {
      throw in.refuse("malformed pickle: a text without quotes");
    }
    return text.substring(1, last);
  }

  private Bytes bytes(long length) throws FileFormatException {
    in.skip(length);
    budget.take(MemoryBudget.OBJECT);
    return new Bytes(length);
  }

  // Containers

  private Items list(Object[] values) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT);
    return Items.growing(values);
  }

  private Items tuple(Object[] values) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT);
    return Items.fixed(values);
  }

  private Dict dict(Object[] keysAndValues) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT);
    Dict dict = new Dict();
    put(dict, keysAndValues);
    return dict;
  }

  private void append(Object[] values) throws FileFormatException {
    Object target = peek();
    if (target instanceof Items items && items.grows()) {
      for (Object value : values) {
        items.add(value, budget);
      }
    } else if (!(target instanceof Stub)) {
      throw in.refuse("malformed pickle: values are appended to what is no list");
    }
  }

  private void put(Object[] keysAndValues) throws FileFormatException {
    Object target = peek();
    if (target instanceof Dict dict) {
      put(dict, keysAndValues);
    } else if (!(target instanceof Stub)) {
      throw in.refuse("malformed pickle: items are set in what is no dictionary");
    }
  }

  private void put(Dict dict, Object[] keysAndValues) throws FileFormatException {
    if (keysAndValues.length % 2 != 0) {
      throw in.refuse("malformed pickle: a key without a value");
    }
    for (int i = 0; i < keysAndValues.length; i += 2) {
      dict.put(keysAndValues[i], keysAndValues[i + 1], budget);
    }
  }

  // Names and calls

  private Global global(String module, String name) throws FileFormatException {
    if (module.length() > MAX_NAME || name.length() > MAX_NAME) {
      throw in.refuse("the name of a class has more than " + MAX_NAME + " letters");
    }
    // joined twice, and its parts are looked up one by one
    long parts = name.indexOf('.') < 0 ? 1 : name.length();
    long letters = module.length() + (long) name.length();
    budget.take((3 + parts) * MemoryBudget.MAP_ENTRY + 4 * letters);
    return new Global(module, name);
  }

  private Global stackGlobal() throws FileFormatException {
    Object[] both = popSome(2);
    if (both[0] instanceof String module && both[1] instanceof String name) {
      return global(module, name);
    }
    throw in.refuse("malformed pickle: a class is not named by two texts");
  }

  /** A class by its number in a registry that only the writing program had. */
  private Stub extension(long code) throws FileFormatException {
    budget.take(2L * MemoryBudget.OBJECT);
    return new Stub("extension " + code);
  }

  /** A callee, its tuple of arguments and perhaps a dictionary of more. */
  private Object call(Object[] calleeAndArguments) throws FileFormatException {
    if (calleeAndArguments.length > 2) {
      refuseCulprit(calleeAndArguments[2]);
    }
    return call(calleeAndArguments[0], calleeAndArguments[1]);
  }

  private Object callFirst(Object[] calleeAndArguments) throws FileFormatException {
    if (calleeAndArguments.length == 0) {
      throw in.refuse("malformed pickle: a call without a callee");
    }
    Object[] rest = Arrays.copyOfRange(calleeAndArguments, 1, calleeAndArguments.length);
    return call(calleeAndArguments[0], tuple(rest));
  }

  private Object call(Object callee, Object arguments) throws FileFormatException {
    refuseCulprit(callee);
    refuseCulprit(arguments);
    if (callee instanceof Stub stub) {
      return stub;
    }
    if (callee instanceof Global global) {
      budget.take(MemoryBudget.OBJECT);
      return arguments instanceof Items items
          ? calls.call(global, items)
          : new Stub(global.toString());
    }
    throw in.refuse("malformed pickle: a value is called that is no class or function");
  }

  /** Gives an object its state, which nobody here will ask for. */
  private void build() throws FileFormatException {
    Object state = pop();
    refuseCulprit(state);
    refuseCulprit(peek());
    if (peek() instanceof Compiled object && state instanceof Dict attributes) {
      object.set(attributes);
    }
  }

  private void refuseCulprit(Object value) throws FileFormatException {
    Global culprit = Pickled.culprit(value);
    if (culprit != null) {
      throw in.refuse(
          "it calls %s, which no checkpoint needs and which can run code; do not load this file anywhere"
              .formatted(Quoted.of(culprit.toString())));
    }
  }
}

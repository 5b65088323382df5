package dev.azimuth.tensor.file;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pickle holds beside {@link String}, {@link Long}, {@link Double} and {@link Boolean}. All
 * of it is inert data: no class of the pickle's is looked up, nothing is called.
 *
 * <p>Equality is identity, so that a dictionary key that is a list of lists costs no walk through
 * them.
 */
sealed interface Pickled {
  /**
   * A global in it that would run code if it were called, at any depth that was there when it was
   * put there; null if there is none.
   */
  default @Nullable Global culprit() {
    return null;
  }

  /** {@link #culprit()} of any value. */
  static @Nullable Global culprit(Object value) {
    return value instanceof Pickled pickled ? pickled.culprit() : null;
  }

  /** Python's None. */
  enum None implements Pickled {
    NONE
  }

  /** An integer beyond 64 bits; its value unless it is longer than anybody wrote on purpose. */
  final class Huge implements Pickled {
    private final @Nullable BigInteger value;

    Huge(@Nullable BigInteger value) {
      this.value = value;
    }

    @Nullable BigInteger value() {
      return value;
    }
  }

  /** Bytes, of which only the number is kept. */
  final class Bytes implements Pickled {
    private final long length;

    Bytes(long length) {
      this.length = length;
    }

    long length() {
      return length;
    }
  }

  /** A class or function by its name. */
  final class Global implements Pickled {
    private final String module;
    private final String name;
    private final String whole;
    private final boolean runsCode;

    Global(String module, String name) {
      this.module = module;
      this.name = name;
      this.whole = module + "." + name;
      this.runsCode = PickleGlobals.runsCode(module, name);
    }

    String module() {
      return module;
    }

    String name() {
      return name;
    }

    @Override
    public @Nullable Global culprit() {
      return runsCode ? this : null;
    }

    @Override
    public String toString() {
      return whole;
    }
  }

  /** What a call of an unknown class or function would have given; it was never called. */
  final class Stub implements Pickled {
    private final String what;

    Stub(String what) {
      this.what = what;
    }

    /** The class or function. */
    @Override
    public String toString() {
      return what;
    }
  }

  /** An object of a class that TorchScript compiled, which is no more than its attributes. */
  final class Compiled implements Pickled {
    private Dict attributes = new Dict();

    Dict attributes() {
      return attributes;
    }

    void set(Dict state) {
      attributes = state;
    }

    @Override
    public @Nullable Global culprit() {
      return attributes.culprit();
    }
  }

  /** A list, tuple or set. */
  final class Items implements Pickled {
    private final boolean grows;
    private Object[] items;
    private int size;
    private @Nullable Global culprit;

    private Items(boolean grows, Object[] items) {
      this.grows = grows;
      this.items = items;
      this.size = items.length;
      for (Object item : items) {
        notice(item);
      }
    }

    /** A tuple, which keeps the array. */
    static Items fixed(Object... items) {
      return new Items(false, items);
    }

    /** A list or set, which keeps the array. */
    static Items growing(Object... items) {
      return new Items(true, items);
    }

    /** Whether it is no tuple. */
    boolean grows() {
      return grows;
    }

    void add(Object item, MemoryBudget budget) throws FileFormatException {
      if (size == items.length) {
        int capacity = Math.max(4, 2 * size);
        budget.take((long) MemoryBudget.SLOT * (capacity - size));
        items = Arrays.copyOf(items, capacity);
      }
      items[size++] = item;
      notice(item);
    }

    private void notice(Object item) {
      culprit = culprit == null ? Pickled.culprit(item) : culprit;
    }

    int size() {
      return size;
    }

    Object get(int i) {
      return items[i];
    }

    @Override
    public @Nullable Global culprit() {
      return culprit;
    }
  }

  /** A dictionary, in the order of its keys' arrival. */
  final class Dict implements Pickled {
    /** Longer keys are no names, and comparing them costs. */
    private static final int MAX_KEY = 1 << 12;

    private @Nullable Map<Object, Object> members;
    private @Nullable Global culprit;

    void put(Object key, Object value, MemoryBudget budget) throws FileFormatException {
      if (members == null) {
        budget.take(3L * MemoryBudget.MAP_ENTRY);
        members = new LinkedHashMap<>();
      }
      budget.take(MemoryBudget.MAP_ENTRY);
      boolean tooLong = key instanceof String text && text.length() > MAX_KEY;
      members.put(tooLong ? new Stub("a key of more than " + MAX_KEY + " letters") : key, value);
      culprit = culprit == null ? Pickled.culprit(key) : culprit;
      culprit = culprit == null ? Pickled.culprit(value) : culprit;
    }

    /** In the order of the keys' arrival. */
    Map<Object, Object> members() {
      return members == null ? Map.of() : Collections.unmodifiableMap(members);
    }

    @Nullable Object get(Object key) {
      return members == null ? null : members.get(key);
    }

    @Override
    public @Nullable Global culprit() {
      return culprit;
    }
  }

  /** A storage that tensors are views of. */
  final class Storage implements Pickled {
    private final StorageType type;
    private final StorageBytes bytes;
    private final long begin;
    private final long length;

    /** Bytes from {@code begin}, as many as {@code length}, of what {@code bytes} holds. */
    Storage(StorageType type, StorageBytes bytes, long begin, long length) {
      this.type = type;
      this.bytes = bytes;
      this.begin = begin;
      this.length = length;
    }

    StorageType type() {
      return type;
    }

    StorageBytes bytes() {
      return bytes;
    }

    long begin() {
      return begin;
    }

    long length() {
      return length;
    }
  }

  /** A view of a storage; all its values lie within. */
  final class View implements Pickled {
    private final Storage storage;
    private final StorageType type;
    private final long offset;
    private final int[] shape;
    private final long[] strides;

    View(Storage storage, StorageType type, long offset, int[] shape, long[] strides) {
      this.storage = storage;
      this.type = type;
      this.offset = offset;
      this.shape = shape;
      this.strides = strides;
    }

    /** The type of its values, which for an untyped storage is not the storage's. */
    StorageType type() {
      return type;
    }

    /**
     * The tensor under a name.
     *
     * @param element {@link StorageType#element} of its type
     */
    StridedTensor named(Path file, String name, ElementType element) {
      return new StridedTensor(
          file, name, element, shape, storage.bytes().slice(storage), offset, strides);
    }
  }
}

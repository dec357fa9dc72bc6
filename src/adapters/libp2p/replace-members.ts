/** libp2p's components with some of them replaced, for a service that shall not have the real ones. */

/** A view of an object in which some members are others; methods keep their own `this`. */
export function replaceMembers<Target extends object>(target: Target, members: object): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (name in members) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

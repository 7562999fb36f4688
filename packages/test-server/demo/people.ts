import { comet } from "./comet.ts";
import { byId, element, setText } from "./dom.ts";
import { counted } from "./format.ts";
import type { Person } from "./identity.ts";

/** Shows who is in the room: the list at the side, and a line above the messages. */
export function showPeople(people: readonly Person[], me: Person): void {
  byId("people", HTMLUListElement).replaceChildren(
    ...people.map((person) => {
      const item = element("li", "person", comet(person), element("span", "person-name", person.name));
      if (person.id === me.id) item.append(element("span", "person-you", "you"));
      return item;
    }),
  );
  setText(byId("room-company", HTMLElement), counted(people.length, "person here", "people here"));
}

/** The field for one's own name. Takes it when the field is left or Enter is pressed; an empty one is put back. */
export function nameField(me: Person, renamed: (name: string) => void): void {
  const form = byId("name-form", HTMLFormElement);
  const input = byId("name-input", HTMLInputElement);
  const sign = byId("name-comet", HTMLElement);
  let name = me.name;
  const show = () => {
    input.value = name;
    sign.replaceChildren(comet({ name, hue: me.hue }));
  };
  const take = () => {
    const wished = input.value.replace(/\s+/g, " ").trim();
    const changed = wished !== "" && wished !== name;
    if (changed) name = wished;
    show();
    if (changed) renamed(name);
  };
  show();
  input.addEventListener("change", take);
  input.addEventListener("focus", () => input.select());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
    byId("message-input", HTMLTextAreaElement).focus();
  });
}

// Stardust's first demo: boxes that all who look colour together.
import { $, element } from './dom.js';
import { follow, post } from './demos.js';

const CHANNEL = 'demo_boxes';
const BOXES = 48;

const boxes = Array.from({ length: BOXES }, (_, i) => {
  const box = element('button');
  box.type = 'button';
  box.setAttribute('aria-label', `box ${i + 1}`);
  box.addEventListener('click', async () => {
    try {
      await post(CHANNEL, { type: 'Colour', box: i, colour: $('colour').value });
      $('problem').textContent = '';
    } catch (error) {
      $('problem').textContent = `Not posted: ${error.message}`;
    }
  });
  return box;
});
$('boxes').append(...boxes);

const since = new Map(); // box → when it was coloured: what the channel holds may be older than what has come meanwhile

follow(CHANNEL, ({ type, box, colour, _ts }) => {
  // Anyone may post here: nothing but a box that there is, and a colour that is one.
  if (type != 'Colour' || !Number.isInteger(box) || !boxes[box] || !/^#[0-9a-f]{6}$/.test(colour)) return;
  if (_ts < since.get(box)) return;
  since.set(box, _ts);
  boxes[box].style.backgroundColor = colour;
  boxes[box].setAttribute('aria-label', `box ${box + 1}, ${colour}`);
});

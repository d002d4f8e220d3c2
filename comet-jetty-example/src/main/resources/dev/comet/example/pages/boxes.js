import { held, loop, post, state } from './stardust.js';

const CHANNEL = 'demo_boxes';
const BOXES = 48;

const boxes = [];
for (let i = 0; i < BOXES; i++) {
  const box = document.createElement('button');
  box.type = 'button';
  box.setAttribute('aria-label', `box ${i + 1}`);
  box.addEventListener('click', async () => {
    const colour = document.getElementById('colour').value;
    try {
      await post(CHANNEL, { type: 'Colour', box: i, colour });
    } catch (e) {
      state(e.message);
    }
  });
  boxes.push(box);
}
document.getElementById('boxes').append(...boxes);

function show(message) {
  // Anyone may post here: nothing but a box that there is, and a colour that is one.
  const box = boxes[message.box];
  if (message.type === 'Colour' && box && /^#[0-9a-f]{6}$/.test(message.colour)) {
    box.style.backgroundColor = message.colour;
  }
}

held(CHANNEL).then(messages => messages.forEach(show), () => {});
loop(CHANNEL, show, state);
